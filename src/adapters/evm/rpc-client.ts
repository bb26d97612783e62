import { AsyncLocalStorage } from 'node:async_hooks'
import type { Observer } from '#core/shared/observer.ts'
import { HeadComparison, type HeadRules } from './compare-heads.ts'
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

/** The node that each client uses in the sequence of reads under way. */
const sequences = new AsyncLocalStorage<Map<RpcClient, RpcEndpoint>>()

/**
 * Does `work` with one node per chain: whichever answers first is asked to the end, so that two reads that belong together
 * never come from two nodes at different heights. When that node fails, the sequence fails, to be begun anew with another.
 */
export async function inSequence<Result>(work: () => Promise<Result>): Promise<Result> {
  return sequences.run(new Map(), work)
}

/**
 * JSON-RPC over several nodes of one chain: keep-alive, bounded time, failover, cool-down of nodes that failed, a check of
 * the chain id before a node is believed, and a comparison of their heads that takes out who lags or lies.
 */
export class RpcClient {
  readonly chainId: number
  readonly #endpoints: readonly RpcEndpoint[]
  readonly #observer: Observer
  /** Null with one node, which there is nothing to compare with. */
  readonly #comparison: HeadComparison | null

  constructor(options: {
    chainId: number
    urls: readonly string[]
    timeoutMs: number
    observer: Observer
    /** Absent: nodes are not compared. */
    heads?: HeadRules
  }) {
    const { chainId, urls, timeoutMs, observer, heads } = options
    this.chainId = chainId
    this.#observer = observer
    const names = namesOf(urls)
    const endpoints = urls.map(
      (url, index) => new RpcEndpoint({ url, name: names[index] ?? url, chainId, timeoutMs, observer }),
    )
    this.#endpoints = endpoints
    this.#comparison =
      heads && urls.length > 1 ? new HeadComparison({ endpoints, chainId, rules: heads, observer }) : null
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

  /**
   * Asks the other nodes whether the one that this sequence reads from is to be believed. Before anything is taken back or
   * halted for what one node says. With one node there is nobody to ask.
   * @throws RpcUnavailable when it is not
   */
  async confirmSource(): Promise<void> {
    if (!this.#comparison) return
    await this.#comparison.lookAgain()
    const source = sequences.getStore()?.get(this)
    if (source && this.#comparison.verdictOf(source) !== 'fit')
      throw new RpcUnavailable(`the other nodes of chain ${this.chainId} contradict ${source.name}`)
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#endpoints.map((endpoint) => endpoint.close()))
  }

  async #sendAnywhere(calls: readonly RpcCall[]): Promise<unknown[]> {
    await this.#comparison?.beforeRequest()
    const sequence = sequences.getStore()
    let failure = new RpcUnavailable(`no node of chain ${this.chainId} may be asked`)
    for (const endpoint of this.#candidates(sequence?.get(this))) {
      try {
        const outcomes = await endpoint.send(calls)
        sequence?.set(this, endpoint)
        return outcomes
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

  /**
   * As configured; those that cool down behind the others, the one that is back first before them; stale ones last, because
   * an old answer is still a true one. One that lies is never asked.
   */
  #candidates(pinned: RpcEndpoint | undefined): RpcEndpoint[] {
    const isLying = (endpoint: RpcEndpoint) => this.#comparison?.verdictOf(endpoint) === 'lying'
    if (pinned) return isLying(pinned) ? [] : [pinned]
    const isStale = (endpoint: RpcEndpoint) => (this.#comparison?.verdictOf(endpoint) === 'stale' ? 1 : 0)
    return this.#endpoints
      .filter((endpoint) => !isLying(endpoint))
      .toSorted((a, b) => isStale(a) - isStale(b) || a.coolingMs() - b.coolingMs())
      .slice(0, TRIES_MAX)
  }
}

/** Host and port, numbered where several URLs share them: URLs carry credentials, so they are never shown whole. */
function namesOf(urls: readonly string[]): string[] {
  const hosts = urls.map((url) => new URL(url).host)
  return hosts.map((host, index) => {
    const before = hosts.slice(0, index).filter((other) => other === host).length
    return before === 0 ? host : `${host}#${before + 1}`
  })
}
