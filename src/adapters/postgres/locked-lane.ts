import assert from 'node:assert/strict'
import type { PaymentLeg, QueuedPayment } from '#core/chain/queued-payment.ts'
import { type NewAttempt, NONCE_FILLER, type SubmissionCall, TRANSFER_BATCH } from '#core/chain/submission.ts'
import type { LaneState, LockedLane, SignedBatch } from '#core/chain/submission-store.ts'
import type { Ids } from '#core/shared/clock.ts'
import { columnOf, placesColumnOf, unestimated } from './columns.ts'
import type { Statements } from './database.ts'
import { appendCallEvents, CHANGED_CALL, type ChangedCallRow } from './economy-call-events.ts'
import { requeueReplaced } from './requeue-replaced.ts'

/** What may be done with a lane while its row is locked on `client`; a handful of set-based statements per batch. */
export function createLockedLane(client: Statements, ids: Ids, state: LaneState): LockedLane {
  const places: ClaimedPlaces = new Map()
  return {
    state,

    async claimAdministrative() {
      const { rows } = await client.query<AdministrativeRow>({
        name: 'lane_claim_administrative',
        text: `SELECT id, kind, to_address, calldata, gas_limit, value FROM chain_submission
               WHERE lane_id = $1 AND status = 'queued' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED`,
        values: [state.lane.id],
      })
      const [row] = rows
      if (!row) return null
      return { id: row.id, kind: row.kind, call: toCall(row) }
    },

    async claimPayments(economyId, limit) {
      const { rows } = await client.query<LegRow>({
        name: 'lane_claim_payments',
        text: CLAIM_PAYMENTS,
        values: [economyId, limit],
      })
      for (const { id, place, queue_place } of rows) places.set(id, { place, queuePlace: queue_place })
      return toPayments(rows)
    },

    recordBatch: (batch) => recordBatch(client, ids, state, batch, places),

    async recordAdministrative(submissionId, nonce, gasLimit, attempt) {
      const { rows } = await client.query<ChangedCallRow>({
        name: 'lane_record_administrative',
        text: `UPDATE chain_submission s SET status = 'signed', nonce = $2, gas_limit = $3, signed_at = $4
               WHERE s.id = $1 AND s.status = 'queued' RETURNING ${CHANGED_CALL}`,
        values: [submissionId, nonce, gasLimit.toString(), attempt.signedAt],
      })
      assert.equal(rows.length, 1, 'a claimed administrative submission is still queued')
      await insertAttempt(client, attempt)
      await appendCallEvents(client, ids, rows, () => 'submitted')
    },

    async refuseAdministrative(submissionId, reason, at) {
      const { rows } = await client.query<ChangedCallRow>(
        `UPDATE chain_submission s SET status = 'refused', revert_reason = $2, ended_at = $3
         WHERE s.id = $1 AND s.status = 'queued' RETURNING ${CHANGED_CALL}`,
        [submissionId, reason, at],
      )
      await appendCallEvents(client, ids, rows, () => 'failed')
    },

    async readCall(submissionId) {
      const { rows } = await client.query<CallRow>(
        `SELECT to_address, calldata, gas_limit, value FROM chain_submission
         WHERE id = $1 AND lane_id = $2 AND status IN ('signed', 'broadcast')`,
        [submissionId, state.lane.id],
      )
      const [row] = rows
      return row ? toCall(row) : null
    },

    async addAttempt(attempt) {
      const { rowCount } = await client.query(
        `SELECT FROM chain_submission s
         WHERE s.id = $1 AND s.lane_id = $2 AND s.status IN ('signed', 'broadcast')
           AND (SELECT max(a.attempt) FROM submission_attempt a WHERE a.submission_id = s.id) = $3 - 1`,
        [attempt.submissionId, state.lane.id, attempt.attempt],
      )
      if (rowCount !== 1) return false
      await insertAttempt(client, attempt)
      return true
    },

    async recordFiller({ nonce, call, attempt, mayBeFirst }) {
      const { rowCount } = await client.query(
        `INSERT INTO chain_submission (id, chain_id, lane_id, kind, to_address, calldata, gas_limit, nonce, status, created_at, signed_at)
         SELECT $1, $2, $3, '${NONCE_FILLER}', $4, $5, $6, $7, 'signed', $8, $8
         WHERE $9 OR EXISTS (SELECT FROM chain_submission WHERE lane_id = $3 AND nonce < $7)
         ON CONFLICT (lane_id, nonce) DO NOTHING`,
        [
          attempt.submissionId,
          state.lane.chainId,
          state.lane.id,
          call.to,
          call.data,
          call.gasLimit.toString(),
          nonce,
          attempt.signedAt,
          mayBeFirst,
        ],
      )
      if (rowCount !== 1) return false
      await insertAttempt(client, attempt)
      return true
    },

    requeueReplaced: (seen, at) => requeueReplaced(client, ids, seen, at),
  }
}

interface CallRow {
  to_address: string
  calldata: Buffer
  gas_limit: string
  value: string
}

interface AdministrativeRow extends CallRow {
  id: string
  kind: string
}

function toCall(row: CallRow): SubmissionCall {
  const value = BigInt(row.value)
  return {
    to: row.to_address,
    data: row.calldata,
    gasLimit: BigInt(row.gas_limit),
    ...(value > 0n && { value }),
  }
}

/** Where the rows of claimed transactions are, by id, while their rows of the queue are locked: nobody moves them meanwhile. */
type ClaimedPlaces = Map<string, { place: string; queuePlace: string }>

/**
 * The legs of the transactions in `claimed(economy_id, id, place)`, whose place is that in the queue; the rows of one follow each other.
 */
export const CLAIM_LEGS = `
SELECT c.id, c.place AS queue_place, t.place, w.salt, r.address, leg.amount, a.settled + a.released <= r.reserved AS is_fresh
FROM claimed c
CROSS JOIN LATERAL (SELECT ctid AS place, from_user_id, to_user_id, amount, commission_to_id, commission FROM transaction
                    WHERE economy_id = c.economy_id AND id = c.id OFFSET 0) AS t
CROSS JOIN LATERAL (SELECT salt FROM wallet WHERE economy_id = c.economy_id AND user_id = t.from_user_id OFFSET 0) AS w
CROSS JOIN LATERAL (VALUES (0, t.to_user_id, t.amount), (1, t.commission_to_id, t.commission)) AS leg(position, to_id, amount)
CROSS JOIN LATERAL (SELECT settled, released FROM account WHERE economy_id = c.economy_id AND id = leg.to_id OFFSET 0) AS a
CROSS JOIN LATERAL (SELECT address, reserved FROM wallet WHERE economy_id = c.economy_id AND user_id = leg.to_id OFFSET 0) AS r
WHERE leg.to_id IS NOT NULL
ORDER BY c.id, leg.position`

/**
 * A recipient whose whole balance is held may have none when the leg runs, so it counts as fresh. Claimed rows of the
 * queue are locked in id order; wallets and accounts are only read.
 */
const CLAIM_PAYMENTS = `
WITH claimed AS MATERIALIZED (
  SELECT economy_id, transaction_id AS id, ctid AS place FROM queued_transaction
  WHERE economy_id = $1 ORDER BY transaction_id LIMIT $2 FOR UPDATE SKIP LOCKED
) ${CLAIM_LEGS}`

export interface LegRow {
  id: string
  queue_place: string
  place: string
  salt: Buffer
  address: string
  amount: string
  is_fresh: boolean
}

/** The rows of one transaction follow each other. */
export function toPayments(rows: readonly LegRow[]): QueuedPayment[] {
  const payments: (QueuedPayment & { legs: PaymentLeg[] })[] = []
  for (const row of rows) {
    const leg: PaymentLeg = { recipient: row.address, amount: BigInt(row.amount), isFresh: row.is_fresh }
    const last = payments.at(-1)
    if (last?.transactionId === row.id) last.legs.push(leg)
    else payments.push({ transactionId: row.id, payerSalt: row.salt, legs: [leg] })
  }
  return payments
}

const INSERT_SUBMISSION = `
INSERT INTO chain_submission (id, chain_id, lane_id, economy_id, tenant_id, kind, to_address, calldata, gas_limit, nonce,
                              status, transaction_ids, created_at, signed_at)
VALUES ($1, $2, $3, $4, $5, '${TRANSFER_BATCH}', $6, $7, $8, $9, 'signed', $10::uuid[], $11, $11)`

/** A row of another id, or one that has left the queue, is not met where it was claimed: the batch is refused then. */
const MOVE_TRANSACTIONS = `
WITH batch AS MATERIALIZED (
  SELECT id, event_id, place, queue_place, position - 1 AS payment_index
  FROM unnest($2::uuid[], $3::uuid[], $6::tid[], $7::tid[]) WITH ORDINALITY AS b(id, event_id, place, queue_place, position)
), moved AS (
  UPDATE transaction t
  SET status = 'submitted', submission_id = $4, payment_index = batch.payment_index, submitted_at = $5
  FROM batch WHERE t.ctid = batch.place AND ${unestimated(`t.economy_id = $1 AND t.id = batch.id AND t.status = 'queued'`)}
  RETURNING t.tenant_id, t.economy_id, t.id, batch.event_id
), left_queue AS (
  DELETE FROM queued_transaction q
  USING batch WHERE q.ctid = batch.queue_place AND ${unestimated('q.economy_id = $1 AND q.transaction_id = batch.id')}
), told AS (
  INSERT INTO outbox_record (last_id, tenant_id, economy_id, topic, event_ids, subject_ids)
  SELECT event_ids[cardinality(event_ids)], tenant_id, economy_id, 'transaction.submitted', event_ids, subject_ids
  FROM (SELECT economy_id, tenant_id, array_agg(event_id ORDER BY event_id) AS event_ids, array_agg(id ORDER BY event_id) AS subject_ids
        FROM moved GROUP BY economy_id, tenant_id) AS batch
)
SELECT count(*)::int AS count FROM moved`

const ALL_MOVE = 'every claimed transaction moves to submitted'

async function recordBatch(
  client: Statements,
  ids: Ids,
  state: LaneState,
  batch: SignedBatch,
  claimed: ClaimedPlaces,
): Promise<void> {
  const { economy, call, nonce, attempt, transactionIds } = batch
  const places = transactionIds.map((id) => claimed.get(id) ?? assert.fail(ALL_MOVE))
  const { lane } = state
  const inserted = client.query({
    name: 'lane_insert_submission',
    text: INSERT_SUBMISSION,
    values: [
      attempt.submissionId,
      lane.chainId,
      lane.id,
      economy.economyId,
      economy.tenantId,
      call.to,
      call.data,
      call.gasLimit.toString(),
      nonce,
      columnOf(transactionIds),
      attempt.signedAt,
    ],
  })
  const moved = client.query<{ count: number }>({
    name: 'lane_move_transactions',
    text: MOVE_TRANSACTIONS,
    values: [
      economy.economyId,
      columnOf(transactionIds),
      columnOf(transactionIds.map(() => ids.next())),
      attempt.submissionId,
      attempt.signedAt,
      placesColumnOf(places.map(({ place }) => place)),
      placesColumnOf(places.map(({ queuePlace }) => queuePlace)),
    ],
  })
  // One behind the other, and executed in this order: none needs the answer of the one before.
  const [{ rows }] = await Promise.all([moved, inserted, insertAttempt(client, attempt)])
  assert.equal(rows[0]?.count, transactionIds.length, ALL_MOVE)
}

/** The tenant stands in the submission. */
async function insertAttempt(client: Statements, attempt: NewAttempt): Promise<void> {
  await client.query({
    name: 'lane_insert_attempt',
    text: `INSERT INTO submission_attempt (submission_id, attempt, tenant_id, raw_tx, tx_hash, max_fee_per_gas,
                                           max_priority_fee_per_gas, signed_at)
           SELECT s.id, $2, s.tenant_id, $3, $4, $5, $6, $7 FROM chain_submission s WHERE s.id = $1`,
    values: [
      attempt.submissionId,
      attempt.attempt,
      attempt.rawTx,
      attempt.txHash,
      attempt.fees.maxFeePerGas.toString(),
      attempt.fees.maxPriorityFeePerGas.toString(),
      attempt.signedAt,
    ],
  })
}
