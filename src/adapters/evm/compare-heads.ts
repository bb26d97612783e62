import type { Observer } from '#core/shared/observer.ts'
import { toQuantity } from './bytes.ts'
import { type Anchor, comparedHeights, type HeadReport, type HeadVerdict, judgeHeads } from './judge-heads.ts'
import { asRecord, asText, quantityToNumber } from './read-json.ts'
import type { RpcEndpoint } from './rpc-endpoint.ts'
import { RpcRefused } from './rpc-errors.ts'

/** Milliseconds that a node has for one look: whoever is slower is not judged this time. */
const LOOK_TIMEOUT_MS = 1_500
/** A node this far behind the best one is stale: so many blocks, or the blocks of so many milliseconds. */
const STALE_BLOCKS_MIN = 3
const STALE_MS = 3_000
/** Milliseconds between two comparisons: two blocks' time, within these bounds. */
const COMPARE_INTERVAL_MS_MIN = 500
const COMPARE_INTERVAL_MS_MAX = 15_000

/** What makes the nodes of one chain comparable. */
export interface HeadRules {
  finalityDepth: number
  blockTimeMs: number
  /** A block that the ledger has taken for final; null where there is none yet. Asked until it gives one. */
  anchor?: () => Promise<Anchor | null>
}

/** Compares the nodes of one chain now and then, and knows which of them may be asked. */
export class HeadComparison {
  readonly #endpoints: readonly RpcEndpoint[]
  readonly #chain: string
  readonly #rules: HeadRules
  readonly #staleBlocks: number
  readonly #observer: Observer
  readonly #verdicts = new Map<RpcEndpoint, HeadVerdict>()
  #anchor: Anchor | null = null
  #first: Promise<void> | null = null
  #dueAt = 0
  #isLooking = false

  constructor(options: {
    endpoints: readonly RpcEndpoint[]
    chainId: number
    rules: HeadRules
    observer: Observer
  }) {
    this.#endpoints = options.endpoints
    this.#chain = String(options.chainId)
    this.#rules = options.rules
    this.#observer = options.observer
    this.#staleBlocks = Math.max(STALE_BLOCKS_MIN, Math.ceil(STALE_MS / options.rules.blockTimeMs))
    for (const { name: endpoint } of options.endpoints) {
      // There from the beginning: an alert on a counter that appears with its first event would miss that one.
      for (const reason of ['stale', 'lying']) {
        this.#observer.count('chain_endpoint_taken_out_total', { chain: this.#chain, endpoint, reason }, 0)
      }
    }
  }

  verdictOf(endpoint: RpcEndpoint): HeadVerdict {
    return this.#verdicts.get(endpoint) ?? 'fit'
  }

  /** Nobody is asked before the first comparison; every later one runs beside the requests. Never fails. */
  async beforeRequest(): Promise<void> {
    this.#first ??= this.#look()
    await this.#first
    if (performance.now() >= this.#dueAt && !this.#isLooking) void this.#look()
  }

  /** Compares anew, now. */
  async lookAgain(): Promise<void> {
    await this.#first
    await this.#look()
  }

  async #look(): Promise<void> {
    this.#isLooking = true
    try {
      await this.#compare()
    } catch (error) {
      this.#observer.log('warn', 'chain.heads_not_compared', { chain: this.#chain, error: String(error) })
    } finally {
      const interval = Math.max(2 * this.#rules.blockTimeMs, COMPARE_INTERVAL_MS_MIN)
      this.#dueAt = performance.now() + Math.min(interval, COMPARE_INTERVAL_MS_MAX)
      this.#isLooking = false
    }
  }

  async #compare(): Promise<void> {
    const endpoints = this.#endpoints
    this.#anchor ??= (await this.#rules.anchor?.().catch(() => null)) ?? null
    const anchor = this.#anchor
    const heads = await Promise.all(endpoints.map((endpoint) => within(readHead(endpoint))))
    const known = heads.filter((head) => head !== null)
    if (known.length === 0) return
    const rules = { staleBlocks: this.#staleBlocks, finalityDepth: this.#rules.finalityDepth }
    const heights = comparedHeights(
      known.map(({ head }) => head),
      rules,
    )
    const asked = anchor ? [...heights, anchor.number] : heights
    const hashes = await Promise.all(
      endpoints.map(async (endpoint, index) => (heads[index] ? within(readHashes(endpoint, asked)) : null)),
    )
    const reports = endpoints.map((_, index): HeadReport | null => {
      const [head, found] = [heads[index], hashes[index]]
      if (!head || !found) return null
      return { ...head, hashes: found.slice(0, heights.length), hashAtAnchor: found[heights.length] ?? null }
    })
    const wasStale = endpoints.map((endpoint) => this.verdictOf(endpoint) === 'stale')
    const nowSeconds = Date.now() / 1_000
    const verdicts = judgeHeads(reports, { staleBlocks: this.#staleBlocks, anchor, wasStale, nowSeconds })
    const isFit = (index: number) => verdicts[index] === 'fit'
    const best = Math.max(
      0,
      ...reports.flatMap((report, index) => (report && isFit(index) ? report.head : [])),
    )
    for (const [index, endpoint] of endpoints.entries()) {
      this.#note(endpoint, verdicts[index] ?? 'silent', reports[index] ?? null, best)
    }
    const agreed = reports.find((_, index) => isFit(index))?.hashes[0]
    // What was final on every node when they were last compared must still be there the next time.
    if (agreed && reports.every((report) => report?.hashes[0] === agreed)) {
      this.#anchor = { number: heights[0], hash: agreed }
    }
  }

  #note(endpoint: RpcEndpoint, verdict: HeadVerdict, report: HeadReport | null, best: number): void {
    const labels = { chain: this.#chain, endpoint: endpoint.name }
    if (report) {
      this.#observer.gauge('chain_endpoint_head', report.head, labels)
      this.#observer.gauge('chain_endpoint_blocks_behind', Math.max(0, best - report.head), labels)
    }
    if (verdict === 'silent') {
      this.#observer.gauge('chain_endpoint_usable', 0, labels)
      return
    }
    const before = this.verdictOf(endpoint)
    this.#verdicts.set(endpoint, verdict)
    this.#observer.gauge('chain_endpoint_usable', verdict === 'fit' ? 1 : 0, labels)
    if (verdict === before) return
    const fields = { ...labels, head: report?.head, best, was: before }
    if (verdict === 'fit') return this.#observer.log('info', 'chain.endpoint_back', fields)
    this.#observer.count('chain_endpoint_taken_out_total', { ...labels, reason: verdict })
    if (verdict === 'stale') this.#observer.log('warn', 'chain.endpoint_stale', fields)
    else this.#observer.log('error', 'chain.endpoint_lies', fields)
  }
}

async function readHead(endpoint: RpcEndpoint): Promise<Pick<HeadReport, 'claimed' | 'head' | 'headTime'>> {
  const [claimed, block] = await endpoint.send([
    { method: 'eth_blockNumber', params: [] },
    { method: 'eth_getBlockByNumber', params: ['latest', false] },
  ])
  const { number, timestamp } = asRecord(block)
  return {
    claimed: quantityToNumber(claimed),
    head: quantityToNumber(number),
    headTime: quantityToNumber(timestamp),
  }
}

async function readHashes(endpoint: RpcEndpoint, numbers: readonly number[]): Promise<(string | null)[]> {
  const blocks = await endpoint.send(
    numbers.map((number) => ({ method: 'eth_getBlockByNumber', params: [toQuantity(number), false] })),
  )
  return blocks.map((block) =>
    block === null || block instanceof RpcRefused ? null : asText(asRecord(block)['hash']),
  )
}

/** Null when the node gives no usable answer in time. */
async function within<Result>(work: Promise<Result>): Promise<Result | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), LOOK_TIMEOUT_MS)
  })
  return Promise.race([work.catch(() => null), late]).finally(() => clearTimeout(timer))
}
