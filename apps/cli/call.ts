/** Who a request is sent as. */
export interface Identity {
  key?: string
  /** Sent as `OST-Economy`: which economy a key of the whole tenant means. */
  economyId?: string
}

/** A request to the API. */
export interface Call {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: string
  query?: Query
  body?: unknown
  idempotencyKey?: string
  /** Seconds that the answer may be held until the transaction has settled. */
  waitSeconds?: number
  /** Closes the first attempt's connection after so long without an answer, as an impatient caller would. */
  giveUpFirstAfterMs?: number
}

/** How a call was answered. */
export interface Answer<Body> {
  status: number
  body: Body
  /** The platform answered from the first request with the same Idempotency-Key. */
  isReplayed: boolean
  attempts: number
  /** Of the attempt that was answered. */
  latencyMs: number
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>
/** Why a call was sent again. */
export type RetryReason = 'rate_limited' | 'overloaded' | 'in_progress' | 'server_error' | 'network'
