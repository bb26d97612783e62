import { type Answer, attemptOnce, type Connection } from './attempt.ts'
import type { ApiRequest, Caller, CallOptions, ExecuteOptions } from './caller.ts'
import { type Page, Pages } from './pages.ts'
import { randomId } from './random-id.ts'
import { sleep } from './sleep.ts'

/** Told of every try that is followed by another one. */
export interface RetryNotice {
  method: string
  path: string
  /** Tries so far. */
  attempts: number
  waitMs: number
  error: Error
}

export interface CallerOptions extends Connection {
  timeoutMs: number
  retriesMax: number
  onRetry?: ((notice: RetryNotice) => void) | undefined
}

const BACKOFF_MS_FIRST = 250
const BACKOFF_MS_MAX = 8_000
/** An answer that asks for more patience than this goes to the caller, who knows better whether to wait. */
const RETRY_AFTER_MS_MAX = 65_000

/** Sends requests until they are answered for good. */
export function createCaller(options: CallerOptions): Caller {
  const caller: Caller = {
    async call<Result>(request: ApiRequest, own?: ExecuteOptions) {
      const { body } = await send(options, request, own ?? {})
      // The one cast of the wire: the types are generated from the description of these very answers.
      return body as Result
    },
    list<Row>(request: ApiRequest, own?: CallOptions) {
      return new Pages<Row>((cursor) => {
        const query = { ...request.query, ...(cursor !== undefined && { cursor }) }
        return caller.call<Page<Row>>({ ...request, query }, own)
      })
    },
  }
  return caller
}

/**
 * Every try of a POST carries the same Idempotency-Key, so that one whose answer was lost is not a second effect; the other methods may be
 * repeated by themselves.
 */
async function send(options: CallerOptions, request: ApiRequest, own: ExecuteOptions): Promise<Answer> {
  const { method, path } = request
  const { retriesMax = options.retriesMax, signal } = own
  const idempotencyKey = method === 'POST' ? (own.idempotencyKey ?? randomId()) : undefined
  const timeoutMs = (own.timeoutMs ?? options.timeoutMs) + (own.waitSeconds ?? 0) * 1_000
  const headers = headersOf(options, own, idempotencyKey)
  let isUnclear = false
  for (let attempts = 1; ; attempts += 1) {
    signal?.throwIfAborted()
    const outcome = await attemptOnce(options, { ...request, headers, idempotencyKey, timeoutMs, signal })
    if ('answer' in outcome) return outcome.answer
    const { error, isWorthRetrying, retryAfterMs } = outcome
    // What an earlier try may have deleted is deleted: its answer was lost.
    if (method === 'DELETE' && isUnclear && outcome.status === 404) return { status: 204, body: undefined }
    isUnclear ||= outcome.status === undefined || outcome.status >= 500
    const waitMs = Math.max(retryAfterMs ?? 0, backoffMs(attempts))
    if (!isWorthRetrying || attempts > retriesMax || waitMs > RETRY_AFTER_MS_MAX) throw error
    options.onRetry?.({ method, path, attempts, waitMs, error })
    await sleep(waitMs, signal)
  }
}

function headersOf(
  { economyId, headers }: CallerOptions,
  own: ExecuteOptions,
  idempotencyKey: string | undefined,
): Record<string, string> {
  const economy = own.economyId ?? economyId
  return {
    ...headers,
    accept: 'application/json',
    ...(economy !== undefined && { 'ost-economy': economy }),
    ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
    ...(own.waitSeconds !== undefined && { prefer: `wait=${own.waitSeconds}` }),
  }
}

/** Doubles, with half of it at random so that callers who failed together do not come back together. */
function backoffMs(attempts: number): number {
  const full = Math.min(BACKOFF_MS_FIRST * 2 ** (attempts - 1), BACKOFF_MS_MAX)
  return full / 2 + (Math.random() * full) / 2
}
