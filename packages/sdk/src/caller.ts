import type { Pages } from './pages.ts'

/** A request to the API, before it has a key, an economy and a signature. */
export interface ApiRequest {
  method: string
  /** From `/v3` on. */
  path: string
  query?: object
  body?: object
}

/** What every method takes last. */
export interface CallOptions {
  /** Names the intent of a POST: the same key has one effect, in whatever process it is sent again. One is made where none is given. */
  idempotencyKey?: string
  /** Which economy is meant, with a key of the whole tenant. */
  economyId?: string
  /** For one try, in milliseconds. */
  timeoutMs?: number
  /** Tries after the first. */
  retriesMax?: number
  /** Ends the call with the signal's reason. A request that was sent already may still have its effect. */
  signal?: AbortSignal
}

export interface ExecuteOptions extends CallOptions {
  /** Seconds that the answer may wait until the chain has settled the transaction (`Prefer: wait`), at most 30. */
  waitSeconds?: number
}

/** What resources send their requests with. */
export interface Caller {
  call<Result>(request: ApiRequest, options?: ExecuteOptions): Promise<Result>
  list<Row>(request: ApiRequest, options?: CallOptions): Pages<Row>
}
