import type { TransactionRef, WebhookTry } from '#core/transaction/transaction-reader.ts'
import type { Database } from './database.ts'

/** A timeline shows so many tries, the oldest. */
const TRIES_MAX = 200

/** The tries to tell webhooks of a transaction's events. Deliveries are found by their webhooks, of which there are few. */
export async function readWebhookTries(
  database: Pick<Database, 'read'>,
  ref: TransactionRef,
): Promise<WebhookTry[]> {
  const rows = await database.read<{
    endpoint_id: string
    event_id: string
    topic: string
    attempted_at: Date
    duration_ms: number
    status_code: number | null
    error: string | null
  }>(
    ref.tenantId,
    'transaction_webhook_tries',
    `SELECT a.endpoint_id, a.event_id, v.topic, a.attempted_at, a.duration_ms, a.status_code, a.error
     FROM webhook_event v JOIN webhook_endpoint e ON e.economy_id = v.economy_id
     JOIN webhook_attempt a ON a.economy_id = v.economy_id AND a.endpoint_id = e.id AND a.event_id = v.event_id
     WHERE v.economy_id = $1
       AND v.subject_id = ANY (ARRAY(SELECT $2::uuid UNION ALL SELECT m.bundle_id FROM bundle_member m WHERE m.economy_id = $1 AND m.transaction_id = $2))
     ORDER BY a.id LIMIT ${TRIES_MAX}`,
    [ref.economyId, ref.id],
  )
  return rows.map((row) => ({
    webhookId: row.endpoint_id,
    eventId: row.event_id,
    topic: row.topic,
    at: row.attempted_at,
    durationMs: row.duration_ms,
    statusCode: row.status_code,
    error: row.error,
  }))
}
