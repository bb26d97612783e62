import type { ChainRpc, Chains } from '#core/chain/chain-rpc.ts'
import type { Observer } from '#core/shared/observer.ts'
import { createChainRpc, createChains } from './chain-rpc.ts'
import type { Anchor } from './judge-heads.ts'
import { RpcClient } from './rpc-client.ts'

/** Time for one request to the only node of a chain, and to one of several: there the next one is better than to wait. */
const RPC_TIMEOUT_MS = 10_000
const RPC_TIMEOUT_MS_OF_MANY = 4_000
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
  /** A block of the chain that the ledger took for final: a node with another one in its place is not believed. */
  anchorOf?: (chainId: number) => Promise<Anchor | null>
}): ConnectedChains {
  const { observer, anchorOf } = options
  const clients = new Map<number, RpcClient>()
  const rpcs: ChainRpc[] = []
  for (const { id, rpcUrls, blockTimeMs, finalityDepth, maxFeeGwei } of options.chains) {
    const heads = { finalityDepth, blockTimeMs, ...(anchorOf && { anchor: async () => anchorOf(id) }) }
    const timeoutMs = options.timeoutMs ?? (rpcUrls.length > 1 ? RPC_TIMEOUT_MS_OF_MANY : RPC_TIMEOUT_MS)
    const client = new RpcClient({ chainId: id, urls: rpcUrls, timeoutMs, observer, heads })
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
