import type { Observer } from '#core/shared/observer.ts'
import { RpcEndpoint } from './rpc-endpoint.ts'
import { RpcRefused, RpcUnavailable } from './rpc-errors.ts'

/** One JSON-RPC call. */
export interface RpcCall {
  method: string
  params: readonly unknown[]
}

/** Calls per HTTP request: what common providers take. */
export const CALLS_PER_BATCH = 100
/** A whole request, all failovers included, ends within this many tries. */
const TRIES_MAX = 4

/**
 * JSON-RPC over several nodes of one chain: keep-alive, bounded time, failover, cool-down of nodes that failed, and a check
 * of the chain id before a node is believed.
 */
export class RpcClient {
  readonly chainId: number
  readonly #endpoints: readonly RpcEndpoint[]
  readonly #observer: Observer

  constructor(options: { chainId: number; urls: readonly string[]; timeoutMs: number; observer: Observer }) {
    const { chainId, timeoutMs, observer } = options
    this.chainId = chainId
    this.#observer = observer
    this.#endpoints = options.urls.map((url) => new RpcEndpoint({ url, chainId, timeoutMs, observer }))
  }

  /** @throws RpcRefused when the node says no · RpcUnavailable when no node says anything. */
  async call(method: string, params: readonly unknown[] = []): Promise<unknown> {
    const [outcome] = await this.batch([{ method, params }])
    if (outcome instanceof RpcRefused) throw outcome
    return outcome
  }

  /**
   * Many calls in as few requests as the bound allows; results or {@link RpcRefused} in the order of the calls. Calls of one
   * request are answered by one node.
   * @throws RpcUnavailable when any part stays without answer.
   */
  async batch(calls: readonly RpcCall[]): Promise<unknown[]> {
    const outcomes: unknown[] = []
    for (let start = 0; start < calls.length; start += CALLS_PER_BATCH) {
      outcomes.push(...(await this.#sendAnywhere(calls.slice(start, start + CALLS_PER_BATCH))))
    }
    return outcomes
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#endpoints.map((endpoint) => endpoint.close()))
  }

  async #sendAnywhere(calls: readonly RpcCall[]): Promise<unknown[]> {
    let failure = new RpcUnavailable(`no node of chain ${this.chainId} is configured`)
    for (const endpoint of this.#inOrderOfTrust().slice(0, TRIES_MAX)) {
      try {
        return await endpoint.send(calls)
      } catch (error) {
        if (!(error instanceof RpcUnavailable)) throw error
        failure = error
        this.#observer.count('chain_rpc_unavailable_total', {
          chain: String(this.chainId),
          endpoint: endpoint.name,
        })
      }
    }
    throw failure
  }

  /** As configured; those that cool down last, the one that is back first before the others. */
  #inOrderOfTrust(): RpcEndpoint[] {
    return this.#endpoints.toSorted((a, b) => a.coolingMs() - b.coolingMs())
  }
}
