import type { EventReader } from '#core/webhook/list-events.ts'
import type { Database } from './database.ts'
import { EVENT_COLUMNS, type EventRow, IS_COMPLETE, toEvent } from './webhook-event-row.ts'

/** Rows of the log that one page may look at to find events of rare topics; a page may be short for that, or empty. */
const SCAN_MAX = 5_000

type PageRow = { [Column in keyof EventRow]: EventRow[Column] | null } & {
  last_xid: string
  last_id: string
  is_end: boolean
}

/** One economy's part of the log, by (xid, id). */
export function createEventReader(database: Pick<Database, 'read'>): EventReader {
  return async ({ tenantId, economyId, topics, page }) => {
    const [past, order, back] = page.order === 'asc' ? ['>', 'ASC', 'DESC'] : ['<', 'DESC', 'ASC']
    const [xid, id] = page.after?.split('_') ?? (page.order === 'asc' ? FIRST : LAST)
    // One more than is shown, to learn whether more follow.
    const wanted = page.limit + 1
    const rows = await database.read<PageRow>(
      tenantId,
      `list_events_${order}`,
      `WITH span AS MATERIALIZED (
         SELECT * FROM outbox_event o
         WHERE o.economy_id = $1 AND (o.xid, o.id) ${past} ($2::bigint, $3::uuid) AND ${IS_COMPLETE}
         ORDER BY o.xid ${order}, o.id ${order} LIMIT $4
       ), last AS (SELECT xid, id, (SELECT count(*) FROM span) < $4 AS is_end FROM span ORDER BY xid ${back}, id ${back} LIMIT 1)
       SELECT ${EVENT_COLUMNS}, last.xid::text AS last_xid, last.id AS last_id, last.is_end
       FROM last LEFT JOIN (
         SELECT * FROM span WHERE cardinality($5::text[]) = 0 OR topic = ANY ($5::text[])
         ORDER BY xid ${order}, id ${order} LIMIT $6) o ON true
       ORDER BY o.xid ${order}, o.id ${order}`,
      [economyId, xid, id, topics.length > 0 ? SCAN_MAX : wanted, topics, wanted],
    )
    const found = rows.filter((row): row is PageRow & EventRow => row.id !== null)
    const shown = found.slice(0, page.limit)
    const isCut = found.length > shown.length
    const lastShown = shown.at(-1)
    const [first] = rows
    const lastLooked = first && `${first.last_xid}_${first.last_id}`
    const end = isCut && lastShown ? `${lastShown.xid}_${lastShown.id}` : (lastLooked ?? page.after ?? null)
    const readable = shown.flatMap((row) => {
      const event = toEvent(row)
      return event ? [{ event, place: `${row.xid}_${row.id}` }] : []
    })
    return {
      rows: readable.map(({ event }) => event),
      places: readable.map(({ place }) => place),
      end,
      hasMore: isCut || first?.is_end === false,
    }
  }
}

const FIRST = ['0', '00000000-0000-0000-0000-000000000000']
const LAST = ['9223372036854775807', 'ffffffff-ffff-ffff-ffff-ffffffffffff']
