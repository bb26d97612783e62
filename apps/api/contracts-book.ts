import { readChainContracts } from '#adapters/postgres/chain-contracts.ts'
import type { Database } from '#adapters/postgres/database.ts'
import type { ChainContracts } from '#core/chain/contracts.ts'

/** Milliseconds. A chain whose contracts are deployed while we run is known this much later at most. */
const RELOAD_MS = 10_000

/** The platform's contracts per chain, kept in memory because addresses are computed inside units of work. */
export interface ContractsBook {
  /** @throws Error for a chain that has none (yet). */
  contractsOf: (chainId: number) => ChainContracts
  close: () => void
}

/**
 * Reads the contracts now and again and again. Starting needs no database: what could not be read is tried again.
 * @param onError told of every try that failed.
 */
export async function openContractsBook(
  database: Pick<Database, 'pool'>,
  onError: (error: unknown) => void,
): Promise<ContractsBook> {
  let known = new Map<number, ChainContracts>()
  const reload = async () => {
    try {
      known = await readChainContracts(database)
    } catch (error) {
      onError(error)
    }
  }
  await reload()
  const timer = setInterval(() => void reload(), RELOAD_MS).unref()
  return {
    contractsOf(chainId) {
      const contracts = known.get(chainId)
      if (!contracts) throw new Error(`chain ${chainId} has none of the platform's contracts`)
      return contracts
    },
    close: () => clearInterval(timer),
  }
}
