import { type ChainContracts, parseChainContracts } from '#core/chain/contracts.ts'
import type { Database } from './database.ts'

/** The platform's contracts per chain id; chains where nothing is deployed are left out. */
export async function readChainContracts(
  database: Pick<Database, 'pool'>,
): Promise<Map<number, ChainContracts>> {
  const { rows } = await database.pool.query<{ id: string; contracts: unknown }>(
    `SELECT id, contracts FROM chain WHERE role = 'utility'`,
  )
  const known = new Map<number, ChainContracts>()
  for (const row of rows) {
    const contracts = parseChainContracts(row.contracts)
    if (contracts) known.set(Number(row.id), contracts)
  }
  return known
}
