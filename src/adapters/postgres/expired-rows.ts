import type { ExpiredRows } from '#core/outbox/clean-up.ts'
import type { Database } from './database.ts'

/** Deletion of what has outlived its retention, with the worker's role. */
export function createExpiredRows({ pool }: Pick<Database, 'pool'>): ExpiredRows {
  const deleteWith = async (text: string, values: unknown[]): Promise<number> =>
    (await pool.query(text, values)).rowCount ?? 0
  return {
    deleteIdempotencyRecords: async (before, limit) =>
      deleteWith(
        `DELETE FROM idempotency_record WHERE ctid = ANY (ARRAY(
           SELECT ctid FROM idempotency_record WHERE created_at < $1 ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED))`,
        [before, limit],
      ),

    // The log is deleted from its beginning, so a reader with no cursor yet (a new consumer) begins at what is left of it.
    deleteOutboxEvents: async (before, limit) =>
      deleteWith(
        `DELETE FROM outbox_event WHERE ctid = ANY (ARRAY(
           SELECT ctid FROM (SELECT ctid, xid, id, created_at FROM outbox_event ORDER BY xid, id LIMIT $2) oldest
           WHERE created_at < $1
             AND (xid, id) <= ALL (SELECT xid, event_id FROM outbox_cursor)))`,
        [before, limit],
      ),
  }
}
