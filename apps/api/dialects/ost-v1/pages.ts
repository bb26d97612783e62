import type { Listed, NumberedPage } from '#core/dialect/dialect-reader.ts'
import type { Parameters } from '../parameters.ts'

const LIMIT_DEFAULT = 10
const LIMIT_MAX = 100
const NUMBER_MAX = 1_000
/** Ids of one filter. */
export const IDS_MAX = 100

/** The page that a list's parameters ask for. Blank orders mean the default; blank numbers are wrong. */
export function readPage(
  parameters: Parameters,
  orders: readonly NumberedPage['orderBy'][] = ['created'],
): NumberedPage {
  return {
    number: integer(parameters, 'page_no', 1, NUMBER_MAX),
    limit: integer(parameters, 'limit', LIMIT_DEFAULT, LIMIT_MAX),
    orderBy: parameters.oneOf('order_by', orders, 'created'),
    order: parameters.oneOf('order', ['asc', 'desc'], 'desc'),
  }
}

function integer(parameters: Parameters, name: string, otherwise: number, max: number): number {
  if (!parameters.has(name)) return otherwise
  const text = parameters.text(name) ?? ''
  const value = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (value >= 1 && value <= max) return value
  return parameters.refuse(name, `must be a whole number from 1 to ${max}`) ?? otherwise
}

/** `meta` of a list: what the client sends back for the next page; nothing on the last one. */
export function metaOf(
  { number, limit, orderBy, order }: NumberedPage,
  { hasMore }: Listed<unknown>,
  filters: Readonly<Record<string, string | undefined>>,
) {
  if (!hasMore || number >= NUMBER_MAX) return { next_page_payload: {} }
  const inUse = Object.entries(filters).filter(([, value]) => value !== undefined)
  return {
    next_page_payload: {
      order_by: orderBy,
      order,
      page_no: number + 1,
      limit,
      ...Object.fromEntries(inUse),
    },
  }
}
