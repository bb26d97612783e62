import type { BalanceReader } from '#core/ledger/read-balance.ts'
import type { Database } from './database.ts'

interface BalanceRow {
  settled: string
  held: string
  pending_in: string
  updated_at: Date
  symbol: string
  decimals: number
}

/** One prepared statement on two primary keys: the hottest read of the API. */
export function createBalanceReader(database: Pick<Database, 'read'>): BalanceReader {
  return async (tenantId, economyId, userId) => {
    const [row] = await database.read<BalanceRow>(
      tenantId,
      'read_balance',
      `SELECT a.settled, a.held, a.pending_in, a.updated_at, e.symbol, e.decimals
       FROM account a JOIN economy e ON e.id = a.economy_id
       WHERE a.economy_id = $1 AND a.id = $2 AND a.kind = 'wallet' AND a.tenant_id = $3`,
      [economyId, userId, tenantId],
    )
    if (!row) return null
    return {
      userId,
      settled: BigInt(row.settled),
      held: BigInt(row.held),
      pendingIn: BigInt(row.pending_in),
      token: { symbol: row.symbol, decimals: row.decimals },
      updatedAt: row.updated_at,
    }
  }
}
