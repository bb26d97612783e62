/** What a client knows: what it asked for, and what it was told. Nothing in here comes from the platform's own rows. */
export interface Story {
  intents: Intent[]
  /** Every attempt at every request, for what an answer may look like while something is broken. */
  attempts: Attempt[]
}

/** One payment that somebody asked for, under one idempotency key, however often the request went out. */
export interface Intent {
  economyId: string
  idempotencyKey: string
  /** Its place in a batch; 0 for a single payment. */
  item: number
  /** The token movements that were asked for, commission included. */
  legs: Leg[]
  /**
   * Undefined: no final answer came. `unknown`: the last answer says nothing about what became of an earlier attempt, whose own
   * answer was lost: the key that asked was revoked in between.
   */
  answer?: { transactionId: string } | { refused: string } | { unknown: string }
}

/** From and to are addresses in lower case. */
export interface Leg {
  from: string
  to: string
  amount: bigint
}

export interface Attempt {
  /** The client's clock, in milliseconds. */
  at: number
  ms: number
  /** null: the line was cut, or nobody listened. */
  status: number | null
  /** The problem's code; for a cut line what cut it: `refused` by everybody, `hung_up` by ourselves, or the error. */
  code?: string
  /** The API key of whoever asked. */
  key: string
}

/** Of which every partner's webhook is told. */
export const TOLD_TOPICS = ['transaction.confirmed', 'transaction.failed']

export function newStory(): Story {
  return { intents: [], attempts: [] }
}
