import { DomainError } from '../shared/errors.ts'
import {
  type AcceptRequest,
  type AcceptResult,
  type ItemResult,
  type Refusal,
} from './accept-transactions.ts'
import { IdempotencyKeyInProgress } from '../idempotency/errors.ts'
import { refKey } from './acceptance-store.ts'
import { Overloaded } from '../shared/errors.ts'

/** Items committed together at most. Beyond ~500 the commit's share of one item's time no longer falls (docs/performance.md). */
const BATCH_ITEMS_MAX = 1_000
/** Items waiting for a batch at most; more are refused at once, so that nobody waits for ever. */
const WAITING_ITEMS_MAX = 20_000

/** `onSent` is called when the next batch may be begun; where it is not, that may be when this one has its answer. */
export type Accept = (requests: readonly AcceptRequest[], onSent?: () => void) => Promise<AcceptResult[]>

interface Waiting {
  request: AcceptRequest
  resolve: (result: AcceptResult) => void
  reject: (error: unknown) => void
}

/**
 * Group commit: requests that arrive while a batch is being decided wait and go into the next one together, so the cost of a
 * commit is shared by all that came meanwhile; a lone request goes at once. The next batch is sent behind the one before, so that
 * the database goes on with it while we deal with the answers to that one.
 */
export class Acceptor {
  readonly #accept: Accept
  readonly #onBatch: (items: number) => void
  readonly #isPassing: (error: unknown) => boolean
  readonly #waiting: Waiting[] = []
  readonly #keysInProgress = new Set<string>()
  #waitingItems = 0
  /** Batches without an answer. */
  #inFlight = 0
  /** The batch that still has statements to send: another one would lock accounts that it has, and wait for them. */
  #sending: Waiting[] | null = null
  #scheduled = false

  /**
   * @param options.onBatch told the number of items of each batch, for metrics.
   * @param options.isPassing whether a batch's failure says nothing about its requests (the database is out of reach): then
   * none of them is tried alone, and each caller hears at once that it may retry.
   */
  constructor(
    accept: Accept,
    options: { onBatch?: (items: number) => void; isPassing?: (error: unknown) => boolean } = {},
  ) {
    this.#accept = accept
    this.#onBatch = options.onBatch ?? (() => {})
    this.#isPassing = options.isPassing ?? (() => false)
  }

  /**
   * Accepts one request through the next batch.
   * @throws Overloaded, IdempotencyKeyInProgress; anything else means that nothing is known of the commit: retry under the same key.
   */
  submit(request: AcceptRequest): Promise<AcceptResult> {
    // A dry run shares no funds with real requests, so it never shares their batch.
    if (request.dryRun)
      return this.#accept([request]).then(([result]) => result ?? Promise.reject(new Overloaded()))
    if (this.#waitingItems + request.items.length > WAITING_ITEMS_MAX) return Promise.reject(new Overloaded())
    const key = request.idempotency && refKey(request.economyId, request.idempotency.key)
    if (key && this.#keysInProgress.has(key)) return Promise.reject(new IdempotencyKeyInProgress())
    if (key) this.#keysInProgress.add(key)
    return new Promise<AcceptResult>((resolve, reject) => {
      this.#waiting.push({ request, resolve, reject })
      this.#waitingItems += request.items.length
      this.#schedule()
    }).finally(() => key && this.#keysInProgress.delete(key))
  }

  /** Resolves when nothing is waiting or in flight; for an orderly shutdown. */
  async drain(): Promise<void> {
    while (this.#waiting.length > 0 || this.#inFlight > 0)
      await new Promise((resolve) => setTimeout(resolve, 5))
  }

  /** One turn of the event loop gathers what arrived in the same read of the sockets. */
  #schedule(): void {
    if (this.#scheduled || this.#sending || this.#waiting.length === 0) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      void this.#runBatch()
      this.#schedule()
    })
  }

  async #runBatch(): Promise<void> {
    const batch = this.#takeBatch()
    if (batch.length === 0) return
    this.#inFlight += 1
    this.#sending = batch
    const goOn = () => {
      if (this.#sending !== batch) return
      this.#sending = null
      this.#schedule()
    }
    try {
      await this.#settle(batch, goOn)
    } finally {
      this.#inFlight -= 1
      goOn()
    }
  }

  #takeBatch(): Waiting[] {
    let items = 0
    let count = 0
    for (const { request } of this.#waiting) {
      if (count > 0 && items + request.items.length > BATCH_ITEMS_MAX) break
      items += request.items.length
      count += 1
    }
    this.#waitingItems -= items
    if (count > 0) this.#onBatch(items)
    return this.#waiting.splice(0, count)
  }

  /** A batch that fails as a whole is tried request by request, so that one poisonous request cannot fail its neighbours. */
  async #settle(batch: Waiting[], onSent?: () => void): Promise<void> {
    try {
      const results = await this.#accept(
        batch.map(({ request }) => request),
        onSent,
      )
      batch.forEach(({ resolve, reject }, index) => {
        const result = results[index]
        if (result) resolve(result)
        else reject(new Error('the batch answered fewer results than requests'))
      })
    } catch (error) {
      if (batch.length > 1 && !this.#isPassing(error)) {
        for (const waiting of batch) await this.#settle([waiting])
        return
      }
      for (const { reject } of batch) reject(error)
    }
  }
}

type AcceptedItem = Extract<ItemResult, { accepted: unknown }>

/** The accepted transaction of a single-item request. @throws the refusal as the DomainError it was. */
export function onlyItem(result: AcceptResult): {
  item: AcceptedItem
  replayed: boolean
} {
  if ('error' in result) throw result.error
  requireAccepted(result.items)
  const [item] = result.items
  if (!item) throw new Error('a request has at least one item')
  return { item, replayed: result.replayed }
}

/** @throws the first refusal as the DomainError it was. */
export function requireAccepted(items: readonly ItemResult[]): asserts items is readonly AcceptedItem[] {
  const refusal = items.find((item) => 'refused' in item)
  if (refusal) throw toError(refusal.refused)
}

/** A stored refusal as the error that the edges know how to show. */
export function toError(refusal: Refusal): DomainError {
  return new DomainError(refusal.code, refusal.message, { ...refusal.details }, [...refusal.fields])
}
