import type { EventReader } from '#core/webhook/list-events.ts'
import type { Database } from './database.ts'
import { EVENTS_PER_RECORD_MAX } from './ledger-rows.ts'
import { EVENT_COLUMNS, type EventRow, eventsOf, IS_COMPLETE, toEvent } from './webhook-event-row.ts'

/** Records of the log that one page may look at to find events of rare topics; a page may be short for that, or empty. */
const SCAN_MAX = 5_000

type PageRow = { [Column in keyof EventRow]: EventRow[Column] | null } & {
  last_xid: string
  last_id: string
  is_end: boolean
}

/** One economy's part of the log, by (xid, id). */
export function createEventReader(database: Pick<Database, 'read'>): EventReader {
  return async ({ tenantId, economyId, topics, page }) => {
    const isRising = page.order === 'asc'
    const [past, order, back] = isRising ? ['>', 'ASC', 'DESC'] : ['<', 'DESC', 'ASC']
    // The page may begin inside a record: the one whose nearest event is past the place. Its events before the page are at most all of it.
    const nearest = isRising ? 'o.last_id' : 'o.event_ids[1]'
    const [xid, id] = page.after?.split('_') ?? (page.order === 'asc' ? FIRST : LAST)
    // One more than is shown, to learn whether more follow.
    const wanted = page.limit + 1
    const rows = await database.read<PageRow>(
      tenantId,
      `list_events_${order}`,
      `WITH span AS MATERIALIZED (
         SELECT * FROM outbox_record o
         WHERE o.economy_id = $1 AND o.xid ${past}= $2::bigint AND (o.xid, ${nearest}) ${past} ($2::bigint, $3::uuid) AND ${IS_COMPLETE}
         ORDER BY o.xid ${order}, o.last_id ${order} LIMIT $4
       ), last AS (
         SELECT xid, ${isRising ? 'last_id' : 'event_ids[1]'} AS id, (SELECT count(*) FROM span) < $4 AS is_end
         FROM span ORDER BY xid ${back}, last_id ${back} LIMIT 1
       ), near AS (
         SELECT span.*, sum(events) OVER (ORDER BY xid ${order}, last_id ${order}) AS total FROM span
         WHERE cardinality($5::text[]) = 0 OR topic = ANY ($5::text[]) ORDER BY xid ${order}, last_id ${order} LIMIT $6 + 1
       )
       SELECT ${EVENT_COLUMNS}, last.xid::text AS last_xid, last.id AS last_id, last.is_end
       FROM last LEFT JOIN (
         SELECT * FROM (${eventsOf(`(SELECT * FROM near WHERE total - events < $6 + ${EVENTS_PER_RECORD_MAX})`)}) e
         WHERE (e.xid, e.id) ${past} ($2::bigint, $3::uuid)
         ORDER BY e.xid ${order}, e.id ${order} LIMIT $6) o ON true
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
