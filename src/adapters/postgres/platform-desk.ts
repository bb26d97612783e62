import type { LaneOverview, PlatformDesk, SubmissionOverview } from '#core/chain/platform-desk.ts'
import type { Database } from './database.ts'

/** What the operator sees, with the API's role: only through the functions of the migration that made them. */
export function createPlatformDesk({ pool }: Pick<Database, 'pool'>): PlatformDesk {
  return {
    async lanes() {
      const { rows } = await pool.query<LaneRow>('SELECT * FROM platform_lanes()')
      return rows.map(toLane)
    },

    async submission(submissionId) {
      const { rows } = await pool.query<SubmissionRow>('SELECT * FROM platform_submission($1)', [
        submissionId,
      ])
      const [row] = rows
      return row ? toSubmission(row) : null
    },

    async requestBump(submissionId, at) {
      await pool.query('SELECT platform_request_bump($1, $2)', [submissionId, at])
    },

    async resumeLane(laneId, afterRestore, at) {
      const { rows } = await pool.query<{ outcome: Awaited<ReturnType<PlatformDesk['resumeLane']>> }>(
        'SELECT platform_resume_lane($1, $2, $3) AS outcome',
        [laneId, afterRestore, at],
      )
      return rows[0]?.outcome ?? null
    },

    async outboxReaders() {
      const { rows } = await pool.query<{
        consumer: string
        xid: string
        event_id: string
        updated_at: Date
        unread: string
        oldest_unread_at: Date | null
      }>('SELECT * FROM platform_outbox_readers()')
      return rows.map((row) => ({
        consumer: row.consumer,
        xid: BigInt(row.xid),
        eventId: row.event_id,
        updatedAt: row.updated_at,
        unread: Number(row.unread),
        oldestUnreadAt: row.oldest_unread_at,
      }))
    },

    async outboxHorizon() {
      const { rows } = await pool.query<{ xmin: string }>(
        'SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xmin',
      )
      return BigInt(rows[0]?.xmin ?? 0)
    },

    async openTransactions() {
      const { rows } = await pool.query<{
        pid: number | null
        role: string | null
        application: string | null
        state: string | null
        started_at: Date | null
        holds_readers: boolean
      }>('SELECT * FROM platform_open_transactions()')
      return rows.map(({ pid, role, application, state, started_at, holds_readers }) => ({
        pid,
        role,
        application,
        state,
        startedAt: started_at,
        holdsReaders: holds_readers,
      }))
    },

    async sealedValues() {
      const { rows } = await pool.query<{ kind: string; key_id: string | null; sealed: string }>(
        'SELECT * FROM platform_sealed_values()',
      )
      return rows.map((row) => ({ kind: row.kind, keyId: row.key_id, count: Number(row.sealed) }))
    },

    async reconciliations(after, limit) {
      const { rows } = await pool.query<ReconciliationRow>('SELECT * FROM platform_reconciliations($1, $2)', [
        after,
        limit,
      ])
      return rows.map((row) => ({
        economyId: row.economy_id,
        tenantId: row.tenant_id,
        symbol: row.symbol,
        chainId: Number(row.chain_id),
        newest: row.id === null ? null : newestOf({ ...row, id: row.id }),
      }))
    },
  }
}

interface LaneRow {
  id: string
  chain_id: string
  chain_name: string
  chain_status: LaneOverview['chainStatus']
  address: string
  status: LaneOverview['status']
  pause_reason: string | null
  recovery_requested_at: Date | null
  balance_wei: string | null
  checked_at: Date | null
  chain_nonce: string | null
  base_fee_per_gas: string | null
  priority_fee_per_gas: string | null
  queued_transactions: string
  queued_calls: string
  in_flight: string
  oldest_in_flight_at: Date | null
  next_nonce: string | null
  missing_nonces: string[]
}

function toLane(row: LaneRow): LaneOverview {
  return {
    id: row.id,
    chainId: Number(row.chain_id),
    chainName: row.chain_name,
    chainStatus: row.chain_status,
    address: row.address,
    status: row.status,
    pauseReason: row.pause_reason,
    recoveryRequestedAt: row.recovery_requested_at,
    balanceWei: toBigInt(row.balance_wei),
    chainNonce: toNumber(row.chain_nonce),
    baseFeePerGas: toBigInt(row.base_fee_per_gas),
    priorityFeePerGas: toBigInt(row.priority_fee_per_gas),
    checkedAt: row.checked_at,
    queuedTransactions: Number(row.queued_transactions),
    queuedCalls: Number(row.queued_calls),
    inFlight: Number(row.in_flight),
    oldestInFlightAt: row.oldest_in_flight_at,
    nextNonce: toNumber(row.next_nonce),
    missingNonces: row.missing_nonces.map(Number),
  }
}

interface SubmissionRow {
  id: string
  chain_id: string
  lane_id: string
  kind: string
  status: SubmissionOverview['status']
  nonce: string | null
  transactions: string
  block_number: string | null
  tx_hash: string | null
  bump_requested_at: Date | null
  created_at: Date
  signed_at: Date | null
  mined_at: Date | null
  attempts: {
    attempt: number
    tx_hash: string
    max_fee_per_gas: string
    max_priority_fee_per_gas: string
    broadcasts: number
    signed_at: string
    last_answer: SubmissionOverview['attempts'][number]['lastAnswer']
  }[]
}

function toSubmission(row: SubmissionRow): SubmissionOverview {
  return {
    id: row.id,
    chainId: Number(row.chain_id),
    laneId: row.lane_id,
    kind: row.kind,
    status: row.status,
    nonce: toNumber(row.nonce),
    transactions: Number(row.transactions),
    blockNumber: toNumber(row.block_number),
    txHash: row.tx_hash,
    bumpRequestedAt: row.bump_requested_at,
    createdAt: row.created_at,
    signedAt: row.signed_at,
    minedAt: row.mined_at,
    attempts: row.attempts.map((attempt) => ({
      attempt: attempt.attempt,
      txHash: attempt.tx_hash,
      maxFeePerGas: attempt.max_fee_per_gas,
      maxPriorityFeePerGas: attempt.max_priority_fee_per_gas,
      broadcasts: attempt.broadcasts,
      signedAt: new Date(attempt.signed_at),
      lastAnswer: attempt.last_answer,
    })),
  }
}

interface ReconciliationRow {
  economy_id: string
  tenant_id: string
  symbol: string
  chain_id: string
  id: string | null
  status: 'equal' | 'drift'
  block_number: string
  block_hash: string
  accounts: number
  differences: { kind: string; address?: string; expected?: string; found?: string }[]
  created_at: Date
}

function newestOf(row: ReconciliationRow & { id: string }) {
  return {
    id: row.id,
    status: row.status,
    blockNumber: BigInt(row.block_number),
    blockHash: row.block_hash,
    accounts: row.accounts,
    differences: row.differences.map(({ kind, address, expected, found }) => ({
      kind,
      address: address ?? null,
      expected: expected ?? null,
      found: found ?? null,
    })),
    createdAt: row.created_at,
  }
}

function toNumber(text: string | null): number | null {
  return text === null ? null : Number(text)
}

function toBigInt(text: string | null): bigint | null {
  return text === null ? null : BigInt(text)
}
