import type { BroadcastReason, BroadcastVerdict } from '#core/chain/broadcast-answer.ts'
import type { OpenSubmission } from '#core/chain/submission.ts'
import type { LaneState, SubmissionStore } from '#core/chain/submission-store.ts'
import type { Ids } from '#core/shared/clock.ts'
import type { Database, Statements } from './database.ts'
import { type LaneRow, SELECT_LANE, toLane } from './lane-store.ts'
import { createLockedLane } from './locked-lane.ts'
import { hasQueued } from './transaction-queue.ts'

/** Answers kept per attempt. */
const ANSWERS_MAX = 20

/** Chain submissions in Postgres, with the worker's role. */
export function createSubmissionStore(
  database: Pick<Database, 'pool' | 'rawByKeysAtOnce'>,
  ids: Ids,
): SubmissionStore {
  const { pool } = database
  return {
    async work(laneId) {
      const { rows } = await pool.query<WorkRow>({ name: 'submission_work', text: WORK, values: [laneId] })
      return {
        hasAdministrative: rows[0]?.has_administrative ?? false,
        economies: rows.flatMap(({ economy_id, tenant_id, token_rules_address }) =>
          economy_id && tenant_id && token_rules_address
            ? [{ economyId: economy_id, tenantId: tenant_id, tokenRulesAddress: token_rules_address }]
            : [],
        ),
      }
    },

    withLaneLocked: (laneId, work) =>
      database.rawByKeysAtOnce([], async (client, ends) => {
        const [state] = await Promise.all([lockLane(client, laneId), ends.begun])
        return state ? work(createLockedLane(client, ids, state)) : null
      }),

    async open(laneId) {
      const { rows } = await pool.query<OpenRow>({ name: 'submission_open', text: OPEN, values: [laneId] })
      return rows.map(toOpenSubmission)
    },

    async rawTxs(attempts) {
      const { rows } = await pool.query<{ tx_hash: string; raw_tx: Buffer }>({
        name: 'submission_raw_txs',
        text: 'SELECT tx_hash, raw_tx FROM submission_attempt WHERE tx_hash = ANY ($1::text[])',
        values: [attempts.map((attempt) => attempt.txHash)],
      })
      return new Map(rows.map((row) => [row.tx_hash, row.raw_tx]))
    },

    async attemptsBetween(laneId, first, last) {
      const { rows } = await pool.query<{ submission_id: string; attempt: number; tx_hash: string }>(
        `SELECT a.submission_id, a.attempt, a.tx_hash
         FROM chain_submission s JOIN submission_attempt a ON a.submission_id = s.id
         WHERE s.lane_id = $1 AND s.nonce BETWEEN $2 AND $3 ORDER BY s.nonce, a.attempt`,
        [laneId, first, last],
      )
      return rows.map((row) => ({
        submissionId: row.submission_id,
        attempt: row.attempt,
        txHash: row.tx_hash,
      }))
    },

    async recordAnswer(attempt, answer, at) {
      await pool.query({
        name: 'submission_record_answer',
        text: RECORD_ANSWER,
        values: [
          attempt.submissionId,
          attempt.attempt,
          at,
          JSON.stringify([{ at, ...answer }]),
          answer.verdict,
        ],
      })
    },
  }
}

const WORK = `
SELECT EXISTS (SELECT FROM chain_submission s WHERE s.lane_id = $1 AND s.status = 'queued') AS has_administrative,
       e.id AS economy_id, e.tenant_id, e.token_rules_address
FROM (SELECT) once
LEFT JOIN economy e ON e.lane_id = $1 AND e.status IN ('active', 'paused')
  AND ${hasQueued('e.id')}
ORDER BY e.id`

interface WorkRow {
  has_administrative: boolean
  economy_id: string | null
  tenant_id: string | null
  token_rules_address: string | null
}

/** NO KEY: whoever inserts rows that refer to the lane (economies, queued submissions) need not wait. */
const LOCK = `${SELECT_LANE} WHERE l.id = $1 FOR NO KEY UPDATE OF l`

/** A statement of its own after the lock: in the same one it would see what was there before the wait. */
const IN_FLIGHT = `
SELECT (SELECT max(nonce) FROM chain_submission WHERE lane_id = $1) AS last_nonce,
       count(*)::int AS in_flight,
       coalesce(sum(s.value + s.gas_limit * (SELECT max(a.max_fee_per_gas) FROM submission_attempt a WHERE a.submission_id = s.id)), 0) AS cost
FROM chain_submission s WHERE s.lane_id = $1 AND s.status IN ('signed', 'broadcast')`

async function lockLane(client: Statements, laneId: string): Promise<LaneState | null> {
  // One behind the other: the second begins, and sees what is there, when the first has its lock.
  const [locked, counted] = await Promise.all([
    client.query<LaneRow>({ name: 'submission_lock_lane', text: LOCK, values: [laneId] }),
    client.query<{ last_nonce: string | null; in_flight: number; cost: string }>({
      name: 'submission_in_flight',
      text: IN_FLIGHT,
      values: [laneId],
    }),
  ])
  const [row] = locked.rows
  if (!row) return null
  const [counts] = counted.rows
  return {
    lane: toLane(row),
    lastNonce: counts?.last_nonce ? Number(counts.last_nonce) : null,
    inFlight: counts?.in_flight ?? 0,
    inFlightCostWei: BigInt(counts?.cost ?? 0),
  }
}

const OPEN = `
SELECT s.id, s.kind, s.nonce, s.status, s.signed_at, attempts.list AS attempts
FROM chain_submission s
CROSS JOIN LATERAL (
  SELECT jsonb_agg(jsonb_build_object(
           'attempt', a.attempt, 'txHash', a.tx_hash, 'maxFeePerGas', a.max_fee_per_gas::text,
           'maxPriorityFeePerGas', a.max_priority_fee_per_gas::text, 'signedAt', a.signed_at,
           'broadcastAt', a.broadcast_at, 'lastAnswer', a.answers -> -1) ORDER BY a.attempt) AS list
  FROM submission_attempt a WHERE a.submission_id = s.id) attempts
WHERE s.lane_id = $1 AND s.status IN ('signed', 'broadcast') ORDER BY s.nonce`

interface OpenRow {
  id: string
  kind: string
  nonce: string
  status: 'signed' | 'broadcast'
  signed_at: Date
  attempts: {
    attempt: number
    txHash: string
    maxFeePerGas: string
    maxPriorityFeePerGas: string
    signedAt: string
    broadcastAt: string | null
    lastAnswer: { verdict: BroadcastVerdict; reason: BroadcastReason; at: string } | null
  }[]
}

function toOpenSubmission(row: OpenRow): OpenSubmission {
  return {
    id: row.id,
    kind: row.kind,
    nonce: Number(row.nonce),
    status: row.status,
    signedAt: row.signed_at,
    attempts: row.attempts.map((attempt) => ({
      submissionId: row.id,
      attempt: attempt.attempt,
      txHash: attempt.txHash,
      fees: {
        maxFeePerGas: BigInt(attempt.maxFeePerGas),
        maxPriorityFeePerGas: BigInt(attempt.maxPriorityFeePerGas),
      },
      signedAt: new Date(attempt.signedAt),
      broadcastAt: attempt.broadcastAt === null ? null : new Date(attempt.broadcastAt),
      lastAnswer: attempt.lastAnswer && { ...attempt.lastAnswer, at: new Date(attempt.lastAnswer.at) },
    })),
  }
}

const RECORD_ANSWER = `
WITH attempt AS (
  UPDATE submission_attempt
  SET broadcasts = broadcasts + 1, broadcast_at = coalesce(broadcast_at, $3),
      answers = CASE WHEN jsonb_array_length(answers) >= ${ANSWERS_MAX} THEN answers - 0 ELSE answers END || $4::jsonb
  WHERE submission_id = $1 AND attempt = $2
)
UPDATE chain_submission SET status = 'broadcast' WHERE id = $1 AND status = 'signed' AND $5::text <> 'rejected'`
