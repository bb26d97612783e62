import { isEventTopic } from '#core/webhook/event-topics.ts'
import type { ReadableEvent } from '#core/webhook/event.ts'

/** Selects an {@link EventRow}; `o` is the event. */
export const EVENT_COLUMNS =
  'o.xid::text, o.id, o.tenant_id, o.economy_id, o.topic, o.subject_id, o.payload, o.created_at'

/** The events of records of the log, one by one, with further columns of their record `r`; `record_id` is the place of theirs. */
export const eventsOf = (records: string, ...columns: string[]): string => `
SELECT ${['r.xid', 'r.last_id AS record_id', 'e.id', 'r.tenant_id', 'r.economy_id', 'r.topic', 'e.subject_id', 'r.payload', 'r.created_at', ...columns].join(', ')}
FROM ${records} r CROSS JOIN LATERAL unnest(r.event_ids, r.subject_ids) AS e(id, subject_id)`

/**
 * Records of the log, as many as begin among the first `limit` events: a cursor stands behind a record, never inside one. Each has
 * `total`, the events up to and including its own. `records` selects them as `o`, at most `limit`, in the log's order.
 */
export const wholeRecords = (records: string, limit: string): string => `
SELECT * FROM (
  SELECT o.*, sum(o.events) OVER (ORDER BY o.xid, o.last_id) AS total FROM (${records}) o
) counted WHERE total - events < ${limit}`

/** Events of database transactions below this are all there: none can come in between any more. */
export const IS_COMPLETE = 'o.xid < (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint'

/** An event of the outbox, of an economy. */
export interface EventRow {
  xid: string
  id: string
  tenant_id: string
  economy_id: string
  topic: string
  subject_id: string
  payload: Record<string, unknown> | null
  created_at: Date
}

/** The event; null: of a topic that is no tenant's, or of a newer version than this. */
export function toEvent(row: EventRow): ReadableEvent | null {
  const { topic } = row
  if (!isEventTopic(topic)) return null
  return {
    id: row.id,
    tenantId: row.tenant_id,
    economyId: row.economy_id,
    topic,
    subjectId: row.subject_id,
    payload: row.payload ?? {},
    createdAt: row.created_at,
  }
}

export function toEvents(rows: readonly EventRow[]): ReadableEvent[] {
  return rows.map(toEvent).filter((event) => event !== null)
}
