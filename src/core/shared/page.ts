/** Most rows a page may have. */
export const PAGE_LIMIT_MAX = 100
/** Rows of a page when the caller does not say. */
export const PAGE_LIMIT_DEFAULT = 25

/** A keyset page request: rows after the id `after`, newest first unless `order` says otherwise. */
export interface PageRequest {
  limit: number
  after?: string
  order: 'asc' | 'desc'
}

/** A page of rows; `nextAfter` is the last row's id where more rows follow. */
export interface Page<Row> {
  rows: Row[]
  nextAfter: string | null
}

/** Cuts the one row too many that stores fetch to learn whether more follow. */
export function toPage<Row>(rows: Row[], limit: number, idOf: (row: Row) => string): Page<Row> {
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return { rows: page, nextAfter: rows.length > limit && last ? idOf(last) : null }
}
