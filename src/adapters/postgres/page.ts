import { type Page, type PageRequest, toPage } from '#core/shared/page.ts'

/** The part of a Prisma query that reads one page by id, with one row too many to learn whether more follow. */
export function pageQuery(page: PageRequest) {
  return {
    where: page.after === undefined ? {} : { id: { [page.order === 'asc' ? 'gt' : 'lt']: page.after } },
    orderBy: { id: page.order },
    take: page.limit + 1,
  }
}

/** Cuts the rows that `pageQuery` found, and turns them into the noun. */
export function pageOf<Row extends { id: string }, Noun>(
  rows: Row[],
  page: PageRequest,
  toNoun: (row: Row) => Noun,
): Page<Noun> {
  const cut = toPage(rows, page.limit, (row) => row.id)
  return { rows: cut.rows.map(toNoun), nextAfter: cut.nextAfter }
}
