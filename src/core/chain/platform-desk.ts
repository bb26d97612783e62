import type { Lane } from './lane.ts'

/** A lane as its operator sees it. Wei; times by the database's clock. */
export interface LaneOverview {
  id: string
  chainId: number
  chainName: string
  chainStatus: 'active' | 'halted'
  address: string
  status: Lane['status']
  pauseReason: string | null
  recoveryRequestedAt: Date | null
  /** As last read from the chain, at `checkedAt`. */
  balanceWei: bigint | null
  chainNonce: number | null
  baseFeePerGas: bigint | null
  priorityFeePerGas: bigint | null
  checkedAt: Date | null
  queuedTransactions: number
  queuedCalls: number
  inFlight: number
  oldestInFlightAt: Date | null
  nextNonce: number | null
  /** Nonces that have no row, between the chain's count and the highest row: nothing behind them can be mined. */
  missingNonces: number[]
}

/** A submission with what became of every attempt. */
export interface SubmissionOverview {
  id: string
  chainId: number
  laneId: string
  kind: string
  status: 'queued' | 'signed' | 'broadcast' | 'mined' | 'confirmed' | 'reverted' | 'replaced'
  nonce: number | null
  transactions: number
  blockNumber: number | null
  txHash: string | null
  /** When an operator asked to send it now; null: nobody did, or it was done. */
  bumpRequestedAt: Date | null
  createdAt: Date
  signedAt: Date | null
  minedAt: Date | null
  attempts: {
    attempt: number
    txHash: string
    maxFeePerGas: string
    maxPriorityFeePerGas: string
    broadcasts: number
    signedAt: Date
    lastAnswer: { at: string; verdict: string; reason: string; message: string } | null
  }[]
}

/** How far a reader of the outbox has come. */
export interface OutboxReaderOverview {
  consumer: string
  xid: bigint
  eventId: string
  updatedAt: Date
  /** At most 100,000. */
  unread: number
  oldestUnreadAt: Date | null
}

/** A database transaction that writes and has not ended. */
export interface OpenTransaction {
  /** Null for a prepared transaction. */
  pid: number | null
  role: string | null
  application: string | null
  state: string | null
  /** Null where the platform's database role may not see it. */
  startedAt: Date | null
  /** The readers of the outbox wait for the end of this one. */
  holdsReaders: boolean
}

/** Stored secrets of one kind under one key-encryption key. */
export interface SealedValues {
  kind: string
  /** Null: sealed before values named their key. */
  keyId: string | null
  count: number
}

/** A live economy's newest comparison of ledger and chain. */
export interface EconomyReconciliation {
  economyId: string
  tenantId: string
  symbol: string
  chainId: number
  newest: {
    id: string
    status: 'equal' | 'drift'
    blockNumber: bigint
    blockHash: string
    accounts: number
    differences: { kind: string; address: string | null; expected: string | null; found: string | null }[]
    createdAt: Date
  } | null
}

export type ResumeOutcome =
  | 'resumed'
  | 'recovery_requested'
  | 'active'
  | 'needs_after_restore'
  | 'passes_by_itself'

/**
 * Port: what the platform's operator sees and asks for, across tenants, with the API's rights: figures, and marks that the
 * workers heed. No payments, no payloads, no keys.
 */
export interface PlatformDesk {
  lanes(): Promise<LaneOverview[]>
  submission(submissionId: string): Promise<SubmissionOverview | null>
  /** Marks a submission that is in no block yet; without effect on any other. */
  requestBump(submissionId: string, at: Date): Promise<void>
  /** Null for an unknown lane. @param afterRestore Unknown payments of the lane's key may be matched. */
  resumeLane(laneId: string, afterRestore: boolean, at: Date): Promise<ResumeOutcome | null>
  outboxReaders(): Promise<OutboxReaderOverview[]>
  /** The oldest running database transaction: readers see what is before it. */
  outboxHorizon(): Promise<bigint>
  openTransactions(): Promise<OpenTransaction[]>
  sealedValues(): Promise<SealedValues[]>
  /** By the economy's id. */
  reconciliations(after: string | null, limit: number): Promise<EconomyReconciliation[]>
}
