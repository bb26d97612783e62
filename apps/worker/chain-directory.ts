import { readChainContracts } from '#adapters/postgres/chain-contracts.ts'
import type { Database } from '#adapters/postgres/database.ts'
import { readGatewayChains } from '#adapters/postgres/gateway-chains.ts'
import type { ChainConfig } from '#config'
import { ChainUnavailable } from '#core/chain/chain-rpc.ts'
import type { ChainContracts } from '#core/chain/contracts.ts'
import type { Observer } from '#core/shared/observer.ts'
import { startTicker } from './ticker.ts'

/** Milliseconds. Contracts are deployed once in a chain's life; a worker that was there before them sees them soon. */
const LOOK_INTERVAL_MS = 2_000

/** Which chains have the platform's contracts, and where. */
export interface ChainDirectory {
  /** @throws ChainUnavailable while nothing is deployed there. */
  contractsOf(chainId: number): ChainContracts
  /** Chains to follow: utility chains with the platform's contracts, value chains with a gateway. */
  ready(): ChainConfig[]
  stop(): void
}

/** Reads the directory, and reads it again until every chain of the configuration is in it. */
export async function startChainDirectory(options: {
  database: Pick<Database, 'pool'>
  chains: readonly ChainConfig[]
  observer: Observer
}): Promise<ChainDirectory> {
  const { database, observer } = options
  const { chains } = options
  let known = await readChainContracts(database)
  let gateways = await readGatewayChains(database)
  const isReady = ({ id }: ChainConfig) => known.has(id) || gateways.has(id)
  const ticker = startTicker({
    intervalMs: LOOK_INTERVAL_MS,
    async turn() {
      if (chains.every(isReady)) return
      known = await readChainContracts(database)
      gateways = await readGatewayChains(database)
    },
    onError: (error) => observer.log('warn', 'chains.unread', { error: String(error) }),
  })
  return {
    contractsOf(chainId) {
      const contracts = known.get(chainId)
      if (!contracts) throw new ChainUnavailable(`chain ${chainId} has no contracts of the platform yet`)
      return contracts
    },
    ready: () => chains.filter(isReady),
    stop: () => void ticker.stop(),
  }
}
