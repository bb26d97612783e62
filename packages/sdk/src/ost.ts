import type { ApiRequest, Caller, ExecuteOptions } from './caller.ts'
import { createCaller, type RetryNotice } from './create-caller.ts'
import { Resources } from './generated/resources.ts'
import type { Transaction } from './generated/types.ts'
import type { SigningKey } from './sign-request.ts'
import { type WaitOptions, waitForTransaction } from './wait-for.ts'

export interface OstOptions {
  /** Where the API is. In a browser: your own proxy, such as `/ost`, which adds the key; a page must never hold one. */
  baseUrl: string
  /** Sent with each request: `ost_test_…` or `ost_live_…`. */
  apiKey?: string | undefined
  /** Signs each request instead, so that no key is sent. */
  signingKey?: SigningKey
  /** Which economy is meant, with a key of the whole tenant. */
  economyId?: string
  /** For one try, in milliseconds. Default: 30 seconds. */
  timeoutMs?: number
  /** Tries after the first, when no answer came or the API said "later". Default: 4. */
  retriesMax?: number
  /** Told of every try that is followed by another one. */
  onRetry?: (notice: RetryNotice) => void
  /** Sent with each request, for a proxy of your own. */
  headers?: Readonly<Record<string, string>>
  /** Another fetch than the global one. */
  fetch?: typeof fetch
}

const TIMEOUT_MS_DEFAULT = 30_000
const RETRIES_MAX_DEFAULT = 4

/** OST KIT's API. Each resource is a property, each route a method. */
export class Ost extends Resources {
  readonly #caller: Caller

  constructor(options: OstOptions) {
    const { apiKey, signingKey, baseUrl } = options
    if (!baseUrl) throw new TypeError('baseUrl is needed: where the API is, such as http://localhost:3000.')
    if (apiKey !== undefined && signingKey)
      throw new TypeError('Give an apiKey or a signingKey: a request carries one or the other.')
    const caller = createCaller({
      ...options,
      baseUrl: baseUrl.replace(/\/+$/, ''),
      timeoutMs: options.timeoutMs ?? TIMEOUT_MS_DEFAULT,
      retriesMax: options.retriesMax ?? RETRIES_MAX_DEFAULT,
      // Bound: browsers refuse to call it as a method of something else.
      fetch: options.fetch ?? globalThis.fetch.bind(globalThis),
    })
    super(caller)
    this.#caller = caller
  }

  /**
   * Waits, without a webhook, until a transaction is in a block, or final.
   *
   * @throws TransactionFailed when it ends without moving anything, WaitTimedOut when the time is up first.
   */
  waitFor(transactionId: string, options: WaitOptions = {}): Promise<Transaction> {
    return waitForTransaction((own) => this.transactions.get(transactionId, own), options)
  }

  /** Any request, with the same key, retries and errors: for routes that this version has no method for. */
  request<Result>(request: ApiRequest, options?: ExecuteOptions): Promise<Result> {
    return this.#caller.call<Result>(request, options)
  }
}
