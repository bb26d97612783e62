import type { ChainHead, ChainReader } from '#core/chain/chain-reader.ts'
import type { Database } from './database.ts'
import { toBigInt } from './transaction-row.ts'

const READ_CHAINS = `
SELECT c.id, c.role, c.name, k.head_number, c.block_time_ms, c.contracts, coalesce(k.updated_at, c.created_at) AS updated_at
FROM chain c LEFT JOIN chain_cursor k ON k.chain_id = c.id ORDER BY c.id`

interface ChainRow {
  id: string
  role: ChainHead['role']
  name: string
  head_number: string | null
  block_time_ms: number
  contracts: Record<string, unknown>
  updated_at: Date
}

export function createChainReader(database: Pick<Database, 'readForNobody'>): ChainReader {
  return async () => {
    const rows = await database.readForNobody<ChainRow>('read_chains', READ_CHAINS, [])
    return rows.map((row) => ({
      id: Number(row.id),
      role: row.role,
      name: row.name,
      blockNumber: toBigInt(row.head_number),
      blockTimeMs: row.block_time_ms,
      contracts: row.contracts,
      updatedAt: row.updated_at,
    }))
  }
}
