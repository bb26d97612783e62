import type { Lane, PauseReason } from '#core/chain/lane.ts'
import type { LaneStore } from '#core/chain/submission-store.ts'
import type { Database } from './database.ts'

/** Reads {@link LaneRow}s; a WHERE is to follow. */
export const SELECT_LANE = `
SELECT l.id, l.chain_id, l.address, l.key_jwe, l.status, l.pause_reason, l.balance_wei, c.status = 'active' AS is_chain_active
FROM lane l JOIN chain c ON c.id = l.chain_id`

export interface LaneRow {
  id: string
  chain_id: string
  address: string
  key_jwe: string
  status: string
  pause_reason: string | null
  balance_wei: string | null
  is_chain_active: boolean
}

/** Lanes in Postgres, with the worker's role. */
export function createLaneStore(database: Pick<Database, 'pool'>): LaneStore {
  const { pool } = database
  return {
    async find(laneId) {
      const { rows } = await pool.query<LaneRow>({
        name: 'lane_find',
        text: `${SELECT_LANE} WHERE l.id = $1`,
        values: [laneId],
      })
      const [row] = rows
      return row ? toLane(row) : null
    },

    async list(chainId) {
      const { rows } = await pool.query<LaneRow>(`${SELECT_LANE} WHERE l.chain_id = $1 ORDER BY l.id`, [
        chainId,
      ])
      return rows.map(toLane)
    },

    async insert(lane, at) {
      const { rowCount } = await pool.query(
        `INSERT INTO lane (id, chain_id, address, key_jwe, created_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (chain_id, address) DO NOTHING`,
        [lane.id, lane.chainId, lane.address, lane.keyJwe, at],
      )
      return rowCount === 1
    },

    async pause(laneId, reason) {
      const { rowCount } = await pool.query(
        `UPDATE lane SET status = 'paused', pause_reason = $2,
                balance_wei = CASE WHEN $2 = 'out_of_gas' THEN NULL ELSE balance_wei END
         WHERE id = $1 AND status = 'active'`,
        [laneId, reason],
      )
      return rowCount === 1
    },

    async resume(laneId, reason) {
      const { rowCount } = await pool.query(
        `UPDATE lane SET status = 'active', pause_reason = NULL
         WHERE id = $1 AND status = 'paused' AND pause_reason = $2`,
        [laneId, reason],
      )
      return rowCount === 1
    },

    async recordBalance(laneId, balanceWei, at, isOutOfGas) {
      await pool.query(
        `UPDATE lane SET balance_wei = $2, balance_checked_at = $3
         WHERE id = $1 AND (pause_reason IS NOT DISTINCT FROM 'out_of_gas') = $4`,
        [laneId, balanceWei.toString(), at, isOutOfGas],
      )
    },
  }
}

export function toLane(row: LaneRow): Lane {
  return {
    id: row.id,
    chainId: Number(row.chain_id),
    address: row.address,
    keyJwe: row.key_jwe,
    status: row.status === 'active' ? 'active' : 'paused',
    pauseReason: toPauseReason(row.pause_reason),
    balanceWei: row.balance_wei === null ? null : BigInt(row.balance_wei),
    isChainActive: row.is_chain_active,
  }
}

/** A word we do not know was put there by a person, so only a person takes it away. */
function toPauseReason(text: string | null): PauseReason | null {
  if (text === null || text === 'out_of_gas' || text === 'rejected' || text === 'unknown_payments')
    return text
  return 'operator'
}
