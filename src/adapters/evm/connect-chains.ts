import type { ChainRpc, Chains } from '#core/chain/chain-rpc.ts'
import type { Observer } from '#core/shared/observer.ts'
import { createChainRpc, createChains } from './chain-rpc.ts'
import { RpcClient } from './rpc-client.ts'

/** Time for one request to one node. */
const RPC_TIMEOUT_MS = 10_000
const WEI_PER_GWEI = 1_000_000_000

/** What the configuration says of a chain. */
export interface ChainConnection {
  id: number
  rpcUrls: readonly string[]
  blockTimeMs: number
  finalityDepth: number
  maxFeeGwei?: number
}

/** The chains of this process: their port for core, their plain clients for other adapters, and how to let go of them. */
export interface ConnectedChains extends Chains {
  client(chainId: number): RpcClient
  close(): Promise<void>
}

/** Prepares a client per chain. Nothing is sent before the first question; the chain id is checked with it. */
export function connectChains(options: {
  chains: readonly ChainConnection[]
  observer: Observer
  timeoutMs?: number
}): ConnectedChains {
  const { observer, timeoutMs = RPC_TIMEOUT_MS } = options
  const clients = new Map<number, RpcClient>()
  const rpcs: ChainRpc[] = []
  for (const { id, rpcUrls, blockTimeMs, finalityDepth, maxFeeGwei } of options.chains) {
    const client = new RpcClient({ chainId: id, urls: rpcUrls, timeoutMs, observer })
    const maxFeePerGasCap = maxFeeGwei === undefined ? null : BigInt(Math.round(maxFeeGwei * WEI_PER_GWEI))
    clients.set(id, client)
    rpcs.push(createChainRpc(client, { chainId: id, blockTimeMs, finalityDepth, maxFeePerGasCap }))
  }
  return {
    ...createChains(rpcs),
    client(chainId) {
      const client = clients.get(chainId)
      if (!client) throw new RangeError(`chain ${chainId} is not configured`)
      return client
    },
    async close() {
      await Promise.all([...clients.values()].map((client) => client.close()))
    },
  }
}
