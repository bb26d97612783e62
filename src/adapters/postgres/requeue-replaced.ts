import { NONCE_FILLER, type OpenSubmission, TRANSFER_BATCH } from '#core/chain/submission.ts'
import type { Ids } from '#core/shared/clock.ts'
import type { Statements } from './database.ts'
import { appendCallEvents, CHANGED_CALL, type ChangedCallRow } from './economy-call-events.ts'
import { JOIN_QUEUE } from './transaction-queue.ts'

/** Ends a submission that is as it was seen, and queues its work once more. @returns whether it was so. */
export async function requeueReplaced(
  client: Statements,
  ids: Ids,
  seen: OpenSubmission,
  at: Date,
): Promise<boolean> {
  const ended = await client.query(
    `UPDATE chain_submission s SET status = 'replaced', ended_at = $3
     WHERE s.id = $1 AND s.status IN ('signed', 'broadcast')
       AND $2::text[] = (SELECT array_agg(a.tx_hash ORDER BY a.attempt) FROM submission_attempt a WHERE a.submission_id = s.id)`,
    [seen.id, seen.attempts.map((attempt) => attempt.txHash), at],
  )
  if (ended.rowCount !== 1) return false
  await requeueWork(client, ids, seen, at)
  return true
}

/** Ends a submission whose nonce another transaction has used, as `replaced`, and queues its work once more. */
export async function endReplaced(
  client: Statements,
  ids: Ids,
  submission: { id: string; kind: string },
  at: Date,
): Promise<void> {
  await client.query(`UPDATE chain_submission SET status = 'replaced', ended_at = $2 WHERE id = $1`, [
    submission.id,
    at,
  ])
  await requeueWork(client, ids, submission, at)
}

async function requeueWork(
  client: Statements,
  ids: Ids,
  { id, kind }: { id: string; kind: string },
  at: Date,
): Promise<void> {
  if (kind === TRANSFER_BATCH) await requeueTransactions(client, ids, id)
  else if (kind !== NONCE_FILLER) await requeueAdministrative(client, ids, id, at)
}

async function requeueTransactions(client: Statements, ids: Ids, submissionId: string): Promise<void> {
  const { rows } = await client.query<{ economy_id: string; tenant_id: string; id: string }>(
    `WITH requeued AS (
       UPDATE transaction t SET status = 'queued', submission_id = NULL, payment_index = NULL, submitted_at = NULL
       FROM chain_submission s
       WHERE s.id = $1 AND t.economy_id = s.economy_id AND t.id = ANY (s.transaction_ids)
         AND t.status = 'submitted' AND t.submission_id = s.id
       RETURNING t.economy_id, t.tenant_id, t.id
     ), joined AS (${JOIN_QUEUE})
     SELECT * FROM requeued`,
    [submissionId],
  )
  await client.query(
    `INSERT INTO outbox_event (id, tenant_id, economy_id, topic, subject_id, payload)
     SELECT id, tenant_id, economy_id, 'transaction.queued', subject_id, $5::jsonb
     FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[]) AS e(id, tenant_id, economy_id, subject_id)`,
    [
      rows.map(() => ids.next()),
      rows.map((row) => row.tenant_id),
      rows.map((row) => row.economy_id),
      rows.map((row) => row.id),
      JSON.stringify({ reason: 'submission_replaced', submission_id: submissionId }),
    ],
  )
}

/** The call waits again under a new id, and the deployment step that waited for the old one waits for the new one. */
async function requeueAdministrative(
  client: Statements,
  ids: Ids,
  submissionId: string,
  at: Date,
): Promise<void> {
  const freshId = ids.next()
  const { rows } = await client.query<ChangedCallRow>(
    `INSERT INTO chain_submission AS s (id, chain_id, lane_id, economy_id, tenant_id, kind, to_address, calldata, gas_limit, value,
                                        origin_id, created_at)
     SELECT $2, chain_id, lane_id, economy_id, tenant_id, kind, to_address, calldata, gas_limit, value, coalesce(origin_id, id), $3
     FROM chain_submission WHERE id = $1 RETURNING ${CHANGED_CALL}`,
    [submissionId, freshId, at],
  )
  await appendCallEvents(client, ids, rows, () => 'queued')
  await client.query(
    `UPDATE economy_step p SET submission_id = $2 FROM chain_submission s
     WHERE s.id = $1 AND p.economy_id = s.economy_id AND p.submission_id = $1`,
    [submissionId, freshId],
  )
}
