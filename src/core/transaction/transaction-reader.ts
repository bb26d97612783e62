import type { Page, PageRequest } from '../shared/page.ts'
import type { Transaction, TransactionStatus } from './transaction.ts'

/** Where a transaction's row lives. */
export interface TransactionRef {
  tenantId: string
  economyId: string
  id: string
}

/** What a list of transactions is narrowed to; every part is optional and all that are given apply. */
export interface TransactionFilter {
  status?: TransactionStatus
  /** Payer or recipient. */
  userId?: string
  fromUserId?: string
  toUserId?: string
  typeId?: string
  airdropId?: string
  createdFrom?: Date
  createdBefore?: Date
  /** Labels that the transaction's metadata contains. */
  metadata?: Readonly<Record<string, string | number | boolean>>
}

/** A node's answer to one broadcast of an attempt. */
export interface BroadcastAnswer {
  at: string
  verdict: 'accepted' | 'rejected' | 'unknown'
  message: string
}

/** One signed attempt of the chain submission that carries the transaction. */
export interface AttemptRecord {
  attempt: number
  txHash: string
  maxFeePerGas: bigint
  maxPriorityFeePerGas: bigint
  signedAt: Date
  answers: readonly BroadcastAnswer[]
}

/** The chain submission that carries the transaction. */
export interface SubmissionRecord {
  id: string
  laneAddress: string
  nonce: bigint
  status: string
  payments: number
  gasLimit: bigint
  gasUsed: bigint | null
  effectiveGasPrice: bigint | null
  blockNumber: bigint | null
  txHash: string | null
  revertReason: string | null
  attempts: readonly AttemptRecord[]
}

/** One posting of the transaction's transfers, as the ledger keeps it. */
export interface EntryRecord {
  accountId: string
  amount: bigint
  blockNumber: bigint
  blockHash: string
  isReversal: boolean
  createdAt: Date
}

/** One try to tell a webhook of one of the transaction's events. */
export interface WebhookTry {
  webhookId: string
  eventId: string
  topic: string
  at: Date
  durationMs: number
  statusCode: number | null
  error: string | null
}

/** Everything stored about a transaction. */
export interface TransactionHistory {
  transaction: Transaction
  hold: {
    amount: bigint
    status: 'pending' | 'posted' | 'voided'
    createdAt: Date
    endedAt: Date | null
  } | null
  submission: SubmissionRecord | null
  entries: readonly EntryRecord[]
  webhookTries: readonly WebhookTry[]
}

/** Port: reads of transactions; a tenant's only. */
export interface TransactionReader {
  get(ref: TransactionRef): Promise<Transaction | null>
  /**
   * A page may have fewer rows than its limit, or none, although more follow: where the filters together match seldom, it ends
   * after a bounded number of transactions looked at.
   */
  list(
    owner: { tenantId: string; economyId: string },
    filter: TransactionFilter,
    page: PageRequest,
  ): Promise<Page<Transaction>>
  history(ref: TransactionRef): Promise<TransactionHistory | null>
  /** Those of the given that the ledger has settled or that have failed. */
  findSettled(refs: readonly TransactionRef[]): Promise<string[]>
}
