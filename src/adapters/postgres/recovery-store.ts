import type pg from 'pg'
import { type MatchedPayment, matchPayments } from '#core/chain/match-payments.ts'
import type { RecordedNonce, RecoveryStore } from '#core/chain/recovery-store.ts'
import type { SentBatch, SentTransaction } from '#core/chain/sent-transaction.ts'
import { TRANSFER_BATCH } from '#core/chain/submission.ts'
import type { Lane } from '#core/chain/lane.ts'
import { revertedPayment, skippedPayment } from '#core/ledger/payment-failure.ts'
import type { Ids } from '#core/shared/clock.ts'
import type { Database } from './database.ts'
import { appendCallEvents, CHANGED_CALL, type ChangedCallRow } from './economy-call-events.ts'
import { lockCursor } from './ledger-rows.ts'
import { endRecovered, type RecoveredPayment } from './end-recovered.ts'
import { CLAIM_LEGS, type LegRow, toPayments } from './locked-lane.ts'
import { endReplaced } from './requeue-replaced.ts'

/** Queued transactions of a batch's payers that are compared with it. */
const CANDIDATES_MAX = 20_000

/** What a restored database is missing, read back from the chain: with the worker's role. */
export function createRecoveryStore(database: Pick<Database, 'pool' | 'raw'>, ids: Ids): RecoveryStore {
  const { pool } = database
  return {
    async concerns({ chainId, to, data }) {
      const { rows } = await pool.query<{ known: boolean }>(
        `SELECT EXISTS (SELECT FROM economy WHERE chain_id = $1 AND token_rules_address = $2)
             OR EXISTS (SELECT FROM chain_submission
                        WHERE chain_id = $1 AND to_address = $2 AND calldata = $3 AND status IN ('queued', 'signed', 'broadcast')
                          AND kind <> 'nonce_filler') AS known`,
        [chainId, to, data],
      )
      return rows[0]?.known ?? false
    },

    async state(laneId) {
      const { rows } = await pool.query<{
        recovery_requested_at: Date | null
        final_number: string | null
        last_nonce: string | null
        open_nonces: string[]
      }>(
        `SELECT l.recovery_requested_at, k.final_number,
                (SELECT max(s.nonce) FROM chain_submission s WHERE s.lane_id = l.id) AS last_nonce,
                ARRAY(SELECT s.nonce FROM chain_submission s
                      WHERE s.lane_id = l.id AND s.status IN ('signed', 'broadcast') ORDER BY s.nonce) AS open_nonces
         FROM lane l LEFT JOIN chain_cursor k ON k.chain_id = l.chain_id WHERE l.id = $1`,
        [laneId],
      )
      const [row] = rows
      if (!row) return null
      return {
        requestedAt: row.recovery_requested_at,
        finalNumber: row.final_number === null ? null : Number(row.final_number),
        lastNonce: row.last_nonce === null ? null : Number(row.last_nonce),
        openNonces: row.open_nonces.map(Number),
      }
    },

    record: (lane, sent, batch) =>
      database.raw([], async (client) => {
        await client.query('SELECT FROM lane WHERE id = $1 FOR NO KEY UPDATE', [lane.id])
        // What is found ends reservations, and the ledger has one writer at a time.
        await lockCursor(client, lane.chainId)
        return record(client, ids, lane, sent, batch)
      }),

    async finish(laneId) {
      const { rowCount } = await pool.query(
        `UPDATE lane SET status = 'active', pause_reason = NULL, recovery_requested_at = NULL
         WHERE id = $1 AND pause_reason = 'unknown_payments'`,
        [laneId],
      )
      return rowCount === 1
    },
  }
}

interface RowAtNonce {
  id: string
  kind: string
  status: string
  is_same: boolean
  is_known: boolean
  economy_id: string | null
  tenant_id: string | null
  transaction_ids: string[] | null
}

async function record(
  client: pg.PoolClient,
  ids: Ids,
  lane: Lane,
  sent: SentTransaction,
  batch: SentBatch | null,
): Promise<RecordedNonce> {
  const { rows } = await client.query<RowAtNonce>(
    `SELECT s.id, s.kind, s.status, s.economy_id, s.tenant_id, s.transaction_ids,
            s.to_address = $3 AND s.calldata = $4 AND s.value = $6 AS is_same,
            EXISTS (SELECT FROM submission_attempt a WHERE a.submission_id = s.id AND a.tx_hash = $5) AS is_known
     FROM chain_submission s WHERE s.lane_id = $1 AND s.nonce = $2`,
    [lane.id, sent.nonce, sent.to, sent.data, sent.txHash, (sent.value ?? 0n).toString()],
  )
  const [row] = rows
  const isOpen = row?.status === 'signed' || row?.status === 'broadcast'
  // An attempt that we know is the indexer's: it has met it, or will.
  if (row && (!isOpen || row.is_known)) return { kind: 'known', settled: 0, unmatched: 0 }
  if (row?.is_same) return recordOwn(client, ids, row, sent)
  if (row) await endReplaced(client, ids, row, new Date())
  if (batch) {
    const recorded = await recordBatch(client, ids, lane, sent, batch)
    if (recorded) return recorded
  }
  if (!row && (await recordCall(client, ids, lane, sent))) return { kind: 'call', settled: 0, unmatched: 0 }
  if (!row)
    await insertSubmission(client, lane, sent, { id: ids.next(), kind: 'foreign', status: 'replaced' })
  return { kind: 'foreign', settled: 0, unmatched: 0 }
}

/** Our own submission landed, under an attempt that was signed after the backup. */
async function recordOwn(
  client: pg.PoolClient,
  ids: Ids,
  row: RowAtNonce,
  sent: SentTransaction,
): Promise<RecordedNonce> {
  await landSubmission(client, ids, row.id, sent)
  if (row.kind !== TRANSFER_BATCH || !row.economy_id || !row.tenant_id)
    return { kind: 'own', settled: 0, unmatched: 0 }
  const payments = (row.transaction_ids ?? []).map((transactionId, index): RecoveredPayment => {
    const reason = sent.skipped.get(index)
    if (!sent.succeeded) return { transactionId, index, failure: revertedPayment('it reverted') }
    return { transactionId, index, failure: reason === undefined ? null : skippedPayment(reason) }
  })
  const economy = { economyId: row.economy_id, tenantId: row.tenant_id }
  await endRecovered(client, ids, { ...economy, submissionId: row.id, from: 'submitted', sent, payments })
  return { kind: 'own', settled: payments.filter(({ failure }) => !failure).length, unmatched: 0 }
}

/** Payments of a forgotten submission. Null when the call is to no rules that we know. */
async function recordBatch(
  client: pg.PoolClient,
  ids: Ids,
  lane: Lane,
  sent: SentTransaction,
  batch: SentBatch,
): Promise<RecordedNonce | null> {
  const found = await client.query<{ id: string; tenant_id: string }>(
    'SELECT id, tenant_id FROM economy WHERE chain_id = $1 AND token_rules_address = $2',
    [lane.chainId, sent.to],
  )
  const [economy] = found.rows
  if (!economy) return null
  const matched = sent.succeeded ? await match(client, economy.id, sent, batch) : []
  const submissionId = batch.submissionId ?? ids.next()
  await insertSubmission(client, lane, sent, {
    id: submissionId,
    kind: TRANSFER_BATCH,
    status: sent.succeeded ? 'confirmed' : 'reverted',
    economyId: economy.id,
    tenantId: economy.tenant_id,
    transactionIds: matched.map(({ transactionId }) => transactionId),
  })
  await endRecovered(client, ids, {
    economyId: economy.id,
    tenantId: economy.tenant_id,
    submissionId,
    from: 'queued',
    sent,
    payments: matched.map((payment) => ({ ...payment, failure: null })),
  })
  const made = sent.succeeded ? batch.payments.length - sent.skipped.size : 0
  return { kind: 'batch', settled: matched.length, unmatched: made - matched.length }
}

async function match(
  client: pg.PoolClient,
  economyId: string,
  sent: SentTransaction,
  batch: SentBatch,
): Promise<MatchedPayment[]> {
  const { rows } = await client.query<LegRow>(
    `WITH claimed AS MATERIALIZED (
       SELECT t.economy_id, t.id, o.ctid AS place FROM queued_transaction o
       JOIN transaction t ON t.economy_id = o.economy_id AND t.id = o.transaction_id
       JOIN wallet w ON w.economy_id = t.economy_id AND w.user_id = t.from_user_id
       WHERE o.economy_id = $1 AND w.salt = ANY ($2::bytea[])
       ORDER BY t.id LIMIT $3 FOR UPDATE OF o, t
     ) ${CLAIM_LEGS}`,
    [economyId, [...new Set(batch.payments.map(({ payerSalt }) => Buffer.from(payerSalt)))], CANDIDATES_MAX],
  )
  return matchPayments(batch.payments, toPayments(rows), sent.skipped)
}

/** A queued administrative call that was sent already. False when none is the same. */
async function recordCall(
  client: pg.PoolClient,
  ids: Ids,
  lane: Lane,
  sent: SentTransaction,
): Promise<boolean> {
  const { rows } = await client.query<{ id: string }>(
    `UPDATE chain_submission SET status = 'signed', nonce = $4, signed_at = $5
     WHERE id = (SELECT id FROM chain_submission
                 WHERE lane_id = $1 AND status = 'queued' AND to_address = $2 AND calldata = $3 AND value = $6
                 ORDER BY id LIMIT 1 FOR UPDATE)
     RETURNING id`,
    [lane.id, sent.to, sent.data, sent.nonce, sent.minedAt, (sent.value ?? 0n).toString()],
  )
  const [row] = rows
  if (!row) return false
  await landSubmission(client, ids, row.id, sent)
  return true
}

/** A submission with one more attempt, which is in a final block. */
async function landSubmission(
  client: pg.PoolClient,
  ids: Ids,
  id: string,
  sent: SentTransaction,
): Promise<void> {
  await insertAttempt(client, id, sent)
  const { rows } = await client.query<ChangedCallRow>(
    `UPDATE chain_submission s
     SET status = $2, block_number = $3, block_hash = $4, tx_hash = $5, gas_used = $6, effective_gas_price = $7,
         revert_reason = $8, mined_at = $9, settled_at = now(), ended_at = now()
     WHERE s.id = $1 RETURNING ${CHANGED_CALL}`,
    [
      id,
      sent.succeeded ? 'confirmed' : 'reverted',
      sent.blockNumber,
      sent.blockHash,
      sent.txHash,
      sent.gasUsed.toString(),
      sent.effectiveGasPrice.toString(),
      sent.succeeded ? null : 'it reverted',
      sent.minedAt,
    ],
  )
  await appendCallEvents(client, ids, rows, () => (sent.succeeded ? 'confirmed' : 'failed'))
}

/** Writes the row that the nonce should have. A nonce that has one (a submission which it made impossible) keeps that. */
async function insertSubmission(
  client: pg.PoolClient,
  lane: Lane,
  sent: SentTransaction,
  submission: {
    id: string
    kind: string
    status: string
    economyId?: string
    tenantId?: string
    transactionIds?: string[]
  },
): Promise<void> {
  const { rowCount } = await client.query(
    `INSERT INTO chain_submission (id, chain_id, lane_id, economy_id, tenant_id, kind, to_address, calldata, gas_limit, nonce, status,
       transaction_ids, block_number, block_hash, tx_hash, gas_used, effective_gas_price, revert_reason, signed_at, mined_at, settled_at,
       ended_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $19, now(), now())
     ON CONFLICT DO NOTHING`,
    [
      submission.id,
      lane.chainId,
      lane.id,
      submission.economyId ?? null,
      submission.tenantId ?? null,
      submission.kind,
      sent.to ?? lane.address,
      sent.data,
      sent.gasLimit.toString(),
      sent.nonce,
      submission.status,
      submission.transactionIds ?? [],
      sent.blockNumber,
      sent.blockHash,
      sent.txHash,
      sent.gasUsed.toString(),
      sent.effectiveGasPrice.toString(),
      sent.succeeded ? null : 'it reverted',
      sent.minedAt,
    ],
  )
  if (rowCount === 1) await insertAttempt(client, submission.id, sent)
}

async function insertAttempt(
  client: pg.PoolClient,
  submissionId: string,
  sent: SentTransaction,
): Promise<void> {
  await client.query(
    `INSERT INTO submission_attempt (submission_id, attempt, tenant_id, raw_tx, tx_hash, max_fee_per_gas,
                                     max_priority_fee_per_gas, signed_at, broadcast_at)
     SELECT s.id, coalesce((SELECT max(a.attempt) FROM submission_attempt a WHERE a.submission_id = s.id), 0) + 1, s.tenant_id,
            $2, $3, $4, $5, $6, $6
     FROM chain_submission s WHERE s.id = $1`,
    [
      submissionId,
      sent.rawTx,
      sent.txHash,
      sent.maxFeePerGas.toString(),
      sent.maxPriorityFeePerGas.toString(),
      sent.minedAt,
    ],
  )
}
