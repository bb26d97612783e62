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
           SELECT ctid FROM idempotency_record WHERE created_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED))`,
        [before, limit],
      ),

    // The log is deleted from its beginning, so a reader with no cursor yet (a new consumer) begins at what is left of it.
    deleteOutboxEvents: async (before, limit) =>
      deleteWith(
        `DELETE FROM outbox_record WHERE ctid = ANY (ARRAY(
           SELECT ctid FROM (SELECT ctid, xid, last_id, created_at FROM outbox_record ORDER BY xid, last_id LIMIT $2) oldest
           WHERE created_at < $1
             AND (xid, last_id) <= ALL (SELECT xid, event_id FROM outbox_cursor)))`,
        [before, limit],
      ),

    // Deliveries are found by their webhooks, of which an economy has few.
    deleteDeliveries: async (before, limit) =>
      deleteWith(
        `WITH old AS MATERIALIZED (
           SELECT v.economy_id, v.event_id FROM webhook_event v
           WHERE v.created_at < $1 AND NOT EXISTS (
             SELECT FROM webhook_endpoint e JOIN webhook_delivery d
               ON d.economy_id = e.economy_id AND d.endpoint_id = e.id AND d.event_id = v.event_id AND d.status = 'pending'
             WHERE e.economy_id = v.economy_id)
           ORDER BY v.created_at LIMIT $2
         ), sent AS (
           SELECT old.economy_id, e.id AS endpoint_id, old.event_id FROM old JOIN webhook_endpoint e ON e.economy_id = old.economy_id
         ), tries AS (
           DELETE FROM webhook_attempt a USING sent
           WHERE a.economy_id = sent.economy_id AND a.endpoint_id = sent.endpoint_id AND a.event_id = sent.event_id
         ), deliveries AS (
           DELETE FROM webhook_delivery d USING sent
           WHERE d.economy_id = sent.economy_id AND d.endpoint_id = sent.endpoint_id AND d.event_id = sent.event_id
         )
         DELETE FROM webhook_event v USING old WHERE v.economy_id = old.economy_id AND v.event_id = old.event_id`,
        [before, limit],
      ),

    // Their refresh tokens go with them. The role may delete such rows and not lock them, so what changed meanwhile is asked again.
    deleteSessions: async (before, limit) =>
      deleteWith(
        `DELETE FROM member_session WHERE id = ANY (ARRAY(
           SELECT id FROM member_session WHERE expires_at < $1 LIMIT $2)) AND expires_at < $1`,
        [before, limit],
      ),

    deleteSignInTallies: async (before, limit) =>
      deleteWith(
        `DELETE FROM sign_in_tally WHERE key = ANY (ARRAY(
           SELECT key FROM sign_in_tally WHERE updated_at < $1 LIMIT $2)) AND updated_at < $1`,
        [before, limit],
      ),
  }
}
