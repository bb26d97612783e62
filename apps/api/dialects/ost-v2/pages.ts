import type { FastifyRequest } from 'fastify'
import type { Page, PageRequest } from '#core/shared/page.ts'
import { valuesOf } from '../dialect.ts'
import { isUuid, optionalText, wrong } from './parameters.ts'

const LIMIT_DEFAULT = 10
const LIMIT_MAX = 25
/** Characters of a pagination identifier. */
const IDENTIFIER_MAX = 8_192

/** A page and its number, which clients may count by. */
export interface OstPage extends PageRequest {
  number: number
}

/** The page that a list's parameters ask for; an identifier of an earlier answer overrides the others. */
export function readPage(request: FastifyRequest, isFiltered = false, limitDefault = LIMIT_DEFAULT): OstPage {
  // A filter by ids is one page: what else was asked for means nothing.
  if (isFiltered) return { number: 1, limit: LIMIT_MAX, order: 'desc' }
  const stored = readIdentifier(request)
  if (!stored) return { number: 1, limit: readLimit(request, limitDefault), order: 'desc' }
  const { page, limit, lastEvaluatedKey } = stored
  const isWhole = isInteger(page, 1_000_000) && isInteger(limit, LIMIT_MAX) && isUuid(lastEvaluatedKey)
  if (!isWhole) throw wrong('pagination_identifier', 'is none that this list has given')
  return { number: page, limit, order: 'desc', after: lastEvaluatedKey }
}

/** What stands in `pagination_identifier`; null: the request has none. */
export function readIdentifier(request: FastifyRequest): Record<string, unknown> | null {
  const text = optionalText(request, 'pagination_identifier')
  if (text === undefined) return null
  const parsed = text.length <= IDENTIFIER_MAX ? parse(Buffer.from(text, 'base64').toString('utf8')) : null
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw wrong('pagination_identifier', 'is none that this list has given')
  // An object that JSON made.
  return parsed as Record<string, unknown>
}

export function toIdentifier(content: object): string {
  return Buffer.from(JSON.stringify(content), 'utf8').toString('base64')
}

export function readLimit(request: FastifyRequest, limitDefault = LIMIT_DEFAULT): number {
  const value = valuesOf(request)['limit']
  if (value === undefined || value === '') return limitDefault
  const limit = typeof value === 'string' && /^\d{1,3}$/.test(value) ? Number(value) : 0
  if (!isInteger(limit, LIMIT_MAX)) throw wrong('limit', `must be a whole number from 1 to ${LIMIT_MAX}`)
  return limit
}

export function isInteger(value: unknown, max: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 && value <= max
}

/** `meta` of a list: how to ask for the next page; nothing on the last one. */
export function metaOf({ number, limit }: OstPage, { nextAfter }: Pick<Page<unknown>, 'nextAfter'>) {
  if (nextAfter === null) return NO_MORE
  const content = { lastEvaluatedKey: nextAfter, page: number + 1, limit }
  return { next_page_payload: { pagination_identifier: toIdentifier(content) } }
}

export const NO_MORE = { next_page_payload: {} }

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
