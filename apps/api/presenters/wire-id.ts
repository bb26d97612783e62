import { suffixOf, uuidOf } from '#adapters/crypto/uuid-suffix.ts'
import { InvalidRequest } from '#core/shared/errors.ts'

/** Prefixes of ids on the /v3 wire. */
export const ID_PREFIXES = [
  'ten',
  'mem',
  'ses',
  'key',
  'eco',
  'usr',
  'typ',
  'rul',
  'prc',
  'txn',
  'air',
  'evt',
  'rec',
  'sub',
  'lan',
  'aud',
  'whk',
  'rpl',
  'sku',
  'rdm',
  'stk',
  'dev',
  'ust',
] as const
export type IdPrefix = (typeof ID_PREFIXES)[number]

/** A UUID as the wire shows it: `usr_01jd…`. */
export function toWire(prefix: IdPrefix, uuid: string): string {
  return `${prefix}_${suffixOf(uuid)}`
}

/** The UUID of a wire id. Null: another prefix, or no id at all. */
export function fromWire(prefix: IdPrefix, text: string): string | null {
  if (!WIRE_ID.test(text) || !text.startsWith(prefix)) return null
  return uuidOf(text.slice(prefix.length + 1))
}

/** The UUID of an id in the path. A wrong or malformed one is simply not there: throws what `notFound` makes. */
export function idFromPath(prefix: IdPrefix, text: string, notFound: () => Error): string {
  const uuid = fromWire(prefix, text)
  if (uuid === null) throw notFound()
  return uuid
}

/** The UUID of an id in a body or query. @throws InvalidRequest pointing at the field. */
export function idFromBody(prefix: IdPrefix, text: string, pointer: string): string {
  const uuid = fromWire(prefix, text)
  if (uuid === null)
    throw new InvalidRequest([{ pointer, detail: `must be an id that starts with ${prefix}_` }])
  return uuid
}

/** Prefix, and 26 characters of Crockford's base 32 whose first keeps the number within 128 bits. */
const WIRE_ID = /^[a-z]{3}_[0-7][0-9a-hjkmnp-tv-z]{25}$/
