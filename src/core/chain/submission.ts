import type { BroadcastReason, BroadcastVerdict } from './broadcast-answer.ts'
import type { Fees } from './fee-policy.ts'

/** A call that a lane sends. Gas in units. */
export interface SubmissionCall {
  /** Lower-case hex with 0x. */
  to: string
  data: Uint8Array
  gasLimit: bigint
  /** Wei that go with it; absent: none, as with everything but a transfer of coins. */
  value?: bigint
}

/** Where a chain submission stands. */
export const SUBMISSION_STATUSES = [
  'queued',
  'signed',
  'broadcast',
  'mined',
  'confirmed',
  'reverted',
  'replaced',
  'refused',
] as const
export type SubmissionStatus = (typeof SUBMISSION_STATUSES)[number]

/** An administrative submission that waits for its nonce. */
export interface QueuedSubmission {
  id: string
  kind: string
  call: SubmissionCall
}

/** The kind that grants play money to a sandbox economy's company. */
export const FAUCET_GRANT = 'faucet_grant'
/** The kind that sends the chain's own coin. */
export const COIN_TRANSFER = 'coin_transfer'
/** The kinds by which the faucet of a sandbox's value chain gives value tokens, and coin for gas. */
export const VALUE_GRANT = 'value_grant'
export const VALUE_GAS = 'value_gas'
/** The kind of submission that carries payments; all others are administrative. */
export const TRANSFER_BATCH = 'transfer_batch'
/** The kind that does nothing but use a nonce that would otherwise block the ones behind it. */
export const NONCE_FILLER = 'nonce_filler'

/** Names one try of a submission, and what finds it on the chain. */
export interface AttemptRef {
  submissionId: string
  /** From 1. */
  attempt: number
  txHash: string
}

/** A try: signed bytes, stored before they were sent. */
export interface NewAttempt extends AttemptRef {
  rawTx: Uint8Array
  fees: Fees
  signedAt: Date
}

/** A stored try and what the node last said to it. */
export interface Attempt extends AttemptRef {
  fees: Fees
  signedAt: Date
  broadcastAt: Date | null
  lastAnswer: { verdict: BroadcastVerdict; reason: BroadcastReason; at: Date } | null
}

/** A signed submission that the indexer has not met in a block yet. */
export interface OpenSubmission {
  id: string
  kind: string
  nonce: number
  status: 'signed' | 'broadcast'
  signedAt: Date
  /** Oldest first, at least one. */
  attempts: readonly Attempt[]
}
