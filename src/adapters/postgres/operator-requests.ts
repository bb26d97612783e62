import type { OperatorRequests } from '#core/chain/operator-requests.ts'
import type { Database } from './database.ts'

/** What operators asked for, with the worker's role. */
export function createOperatorRequests({ pool }: Pick<Database, 'pool'>): OperatorRequests {
  return {
    async read(laneId) {
      const { rows } = await pool.query<{ id: string; bump_requested_at: Date }>({
        name: 'operator_requests',
        text: `SELECT id, bump_requested_at FROM chain_submission
               WHERE lane_id = $1 AND status IN ('signed', 'broadcast') AND bump_requested_at IS NOT NULL`,
        values: [laneId],
      })
      return new Map(rows.map((row) => [row.id, row.bump_requested_at]))
    },

    async end(submissionId, requestedAt) {
      await pool.query(
        'UPDATE chain_submission SET bump_requested_at = NULL WHERE id = $1 AND bump_requested_at = $2',
        [submissionId, requestedAt],
      )
    },

    async recordSnapshot(laneId, snapshot, at) {
      await pool.query({
        name: 'operator_lane_snapshot',
        text: `UPDATE lane SET balance_wei = $2, chain_nonce = $3, base_fee_per_gas = $4, priority_fee_per_gas = $5,
                      balance_checked_at = $6 WHERE id = $1`,
        values: [
          laneId,
          snapshot.balanceWei.toString(),
          snapshot.transactionCount,
          snapshot.baseFeePerGas.toString(),
          snapshot.priorityFeePerGas.toString(),
          at,
        ],
      })
    },
  }
}
