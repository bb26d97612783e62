import { type Static, type TObject, type TObjectOptions, type TProperties, type TSchema, Type } from 'typebox'
import { PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX } from '#core/shared/page.ts'
import type { IdPrefix } from '../presenters/wire-id.ts'

/** An object of a request: a field that is not listed is refused, not dropped. */
export function Strict<Fields extends TProperties>(fields: Fields) {
  return Type.Object(fields, { additionalProperties: false })
}

/**
 * The body of a request, with an example that works when it is pasted: nothing but ids, which are samples, has to be replaced.
 * test/api/examples.test.ts sends every one of them.
 */
export function Body<Fields extends TProperties>(
  fields: Fields,
  example: Partial<Static<TObject<Fields>>>,
  options: TObjectOptions = {},
) {
  return Type.Object(fields, { ...options, additionalProperties: false, examples: [example] })
}

export function Nullable<Schema extends TSchema>(schema: Schema) {
  return Type.Union([schema, Type.Null()])
}

export const Timestamp = Type.String({ format: 'date-time', examples: ['2026-11-20T09:30:00.000Z'] })

export const UNITS_PATTERN = '^[0-9]{1,60}$'

/** An amount of base units in JSON. */
export const Units = Type.String({
  pattern: UNITS_PATTERN,
  description: 'Base units of the token, as a decimal string.',
  examples: ['1500000000000000000'],
})

export const Address = Type.String({ examples: ['0x8ba1f109551bd432803012645ac136ddd64dba72'] })

const EXAMPLE_SUFFIXES = { one: '01k0g2qz5me93tnsy1xq2zc7ah', other: '01k0g2r4vhfj8br6q0s9d3w5xe' }

/** An id of nothing, for examples; `other` where one example needs two. */
export function exampleId(prefix: IdPrefix, which: keyof typeof EXAMPLE_SUFFIXES = 'one'): string {
  return `${prefix}_${EXAMPLE_SUFFIXES[which]}`
}

/** Which call gives the ids of each kind. */
const SOURCE_OF: Record<IdPrefix, string> = {
  ten: 'Of `GET /v3/tenant`.',
  mem: 'Listed by `GET /v3/members`.',
  ses: 'Listed by `GET /v3/auth/sessions`.',
  key: 'Listed by `GET /v3/api-keys`.',
  eco: 'Listed by `GET /v3/economies`.',
  usr: 'Listed by `GET /v3/users`.',
  typ: 'Listed by `GET /v3/transaction-types`.',
  rul: 'Listed by `GET /v3/token-rules`.',
  prc: 'Listed by `GET /v3/price-points`.',
  txn: 'Listed by `GET /v3/transactions`.',
  air: 'Listed by `GET /v3/airdrops`.',
  rec: 'Listed by `GET /v3/token/reconciliations`.',
  aud: 'Listed by `GET /v3/audit-log`.',
  evt: 'Listed by `GET /v3/events`.',
  whk: 'Listed by `GET /v3/webhooks`.',
  rpl: 'Listed by `GET /v3/webhooks/{id}/replays`.',
  sub: 'Listed by `GET /v3/transactions/{id}/timeline`.',
  sku: 'Listed by `GET /v3/redeemable-skus`.',
  rdm: 'Listed by `GET /v3/redemptions`.',
  stk: 'Listed by `GET /v3/stakes`.',
  dev: 'Told by `device.registered`.',
  ust: 'Listed by `GET /v3/unstakes`.',
  lan: 'Listed by `GET /v3/platform/lanes`.',
}

/**
 * An id as it stands in requests and responses, after what it means there, if that is not clear. Whether it has the right form
 * is for wire-id.ts to decide.
 */
export function Id(prefix: IdPrefix, meaning?: string) {
  const description = meaning === undefined ? SOURCE_OF[prefix] : `${meaning} ${SOURCE_OF[prefix]}`
  return Type.String({ maxLength: 64, description, examples: [exampleId(prefix)] })
}

/** The path's `:id`. */
export function IdParams(prefix: IdPrefix) {
  return Strict({ id: Type.String({ description: SOURCE_OF[prefix], examples: [exampleId(prefix)] }) })
}

/** Of an answer without a body. */
export const NoContent = Type.Null({ description: 'Done.' })

/** The query of a list: paging, and the list's own filters. */
export function ListQuery<Fields extends TProperties>(filters: Fields) {
  return Strict({
    limit: Type.Integer({ minimum: 1, maximum: PAGE_LIMIT_MAX, default: PAGE_LIMIT_DEFAULT }),
    cursor: Type.Optional(
      Type.String({
        maxLength: 512,
        description: 'The `next_cursor` of the page before, with the same filters.',
      }),
    ),
    order: Type.Enum(['asc', 'desc'], { default: 'desc', description: 'By time of creation.' }),
    ...filters,
  })
}

/** A page of a list. */
export function ListOf<Item extends TSchema>(item: Item) {
  return Type.Object({
    object: Type.Literal('list'),
    data: Type.Array(item),
    has_more: Type.Boolean(),
    next_cursor: Nullable(Type.String()),
  })
}

/** The paging part of every list's query. */
export interface Paging {
  limit: number
  order: 'asc' | 'desc'
  cursor?: string
}
