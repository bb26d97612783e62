import type { Lane } from './lane.ts'
import type { SentBatch, SentTransaction } from './sent-transaction.ts'

/** A lane that stands still because its key has sent what this database does not know. */
export interface RecoveryState {
  /** When the operator asked to match what is unknown; null: not yet. */
  requestedAt: Date | null
  /** Blocks up to here are settled in the ledger and final; null before the first. */
  finalNumber: number | null
  /** Highest nonce that has a row. */
  lastNonce: number | null
  /** Of signed submissions that are in no block we know, in order. */
  openNonces: number[]
}

/** What a recorded nonce was. */
export interface RecordedNonce {
  /**
   * own: a submission we have, under an attempt we do not · batch: payments of a forgotten submission · call: a queued
   * administrative call that was sent already · foreign: nothing of ours · known: it has its row by now.
   */
  kind: 'own' | 'batch' | 'call' | 'foreign' | 'known'
  /** Transactions that count as paid now. */
  settled: number
  /** Payments on the chain that no queued transaction stands for. */
  unmatched: number
}

/** Port: what is needed to go on after a database was restored, with the worker's rights. */
export interface RecoveryStore {
  /** Whether a call is a batch on the rules of an economy we know, or one that waits in a lane's queue. */
  concerns(call: { chainId: number; to: string; data: Uint8Array }): Promise<boolean>
  /** Null for an unknown lane. */
  state(laneId: string): Promise<RecoveryState | null>
  /**
   * Gives an unknown nonce its row and settles what its transaction has paid, in one database transaction under the lane's
   * lock. Its block must be settled and final. Recorded once, a nonce is `known`.
   */
  record(lane: Lane, sent: SentTransaction, batch: SentBatch | null): Promise<RecordedNonce>
  /** Lets the lane sign again and forgets the operator's request. */
  finish(laneId: string): Promise<boolean>
}
