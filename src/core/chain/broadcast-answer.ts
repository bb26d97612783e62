/**
 * accepted: the node has the transaction · rejected: it can not land as it is · unknown: it may have it. Unknown never
 * releases a hold and never leads to a new nonce: the same bytes go out again.
 */
export type BroadcastVerdict = 'accepted' | 'rejected' | 'unknown'

export type BroadcastReason =
  | 'accepted'
  | 'already_known'
  /** The nonce is used, and the node knows our transaction: it was mined. */
  | 'already_mined'
  /** The nonce is used by something else than these bytes: another attempt of ours, or somebody with the same key. */
  | 'nonce_used'
  /** The relayer cannot pay: rejected for now, goes out again when it is funded. */
  | 'out_of_funds'
  /** The fee is below what the node takes at all. */
  | 'underpriced'
  /** Another transaction with this nonce is in the pool at a similar fee. */
  | 'replacement_underpriced'
  | 'wrong_chain'
  | 'gas_too_low'
  | 'gas_too_high'
  | 'malformed'
  /** A full pool, or a nonce too far ahead: the same bytes later. */
  | 'not_now'
  /** Timeouts, resets, 429, 5xx, answers that are no answers. */
  | 'transport'
  /** The node answered with an error that is in no table. */
  | 'unclear'

/** What a node said to a broadcast. */
export interface BroadcastAnswer {
  verdict: BroadcastVerdict
  reason: BroadcastReason
  /** The node's words, shortened; empty when accepted. */
  message: string
}

/** The attempt is not in the pool because of its fee: the same nonce needs a higher one. */
export function needsHigherFee(answer: { reason: string } | null): boolean {
  return answer?.reason === 'underpriced' || answer?.reason === 'replacement_underpriced'
}
