import type { BroadcastReason, BroadcastVerdict } from '#core/chain/broadcast-answer.ts'
import type { Fees } from '#core/chain/fee-policy.ts'
import type { SubmissionCall } from '#core/chain/submission.ts'
import type { EconomyStatus } from '#core/economy/economy.ts'
import type { Fingerprint } from '#core/idempotency/fingerprint.ts'
import type { Reconciliation } from '#core/ledger/reconciliation-store.ts'
import type { Topic } from '#core/outbox/topics.ts'
import type { EconomyConfig } from '#core/rule/economy-config.ts'
import type { StoredResult } from '#core/transaction/accept-transactions.ts'
import type { LockedParty } from '#core/transaction/acceptance-store.ts'
import type { Attachment } from '#core/transaction/attachment.ts'
import type { AcceptedTransaction, TransactionStatus } from '#core/transaction/transaction.ts'
import { MemoryDatabase, type MemoryTx, Table } from './memory-database.ts'

export interface EconomyRow {
  id: string
  tenantId: string
  chainId: number
  laneId: string
  status: EconomyStatus
  configVersion: number
  token: string
  tokenRules: string
  config: Omit<EconomyConfig, 'status' | 'configVersion'>
}

export interface UserRow extends Omit<LockedParty, 'settled' | 'held'> {
  economyId: string
  salt: Uint8Array
}

export interface AccountRow {
  economyId: string
  id: string
  tenantId: string
  kind: 'wallet' | 'external' | 'issuance'
  address: string
  settled: bigint
  held: bigint
  pendingIn: bigint
}

export interface TransactionRow extends AcceptedTransaction {
  status: TransactionStatus
  failureCode: string | null
  failureReason: string | null
  submissionId: string | null
  paymentIndex: number | null
  blockNumber: number | null
  txHash: string | null
}

export interface HoldRow {
  economyId: string
  transactionId: string
  accountId: string
  amount: bigint
  status: 'pending' | 'posted' | 'voided'
}

export interface EntryRow {
  economyId: string
  accountId: string
  blockNumber: number
  blockHash: string
  logIndex: number
  side: 'debit' | 'credit'
  generation: number
  isReversal: boolean
  txHash: string
  counterAccountId: string
  amount: bigint
  transactionId: string | null
}

export interface SubmissionRow {
  id: string
  chainId: number
  laneId: string
  economyId: string | null
  tenantId: string | null
  kind: string
  call: SubmissionCall
  nonce: number | null
  status: 'queued' | 'signed' | 'broadcast' | 'mined' | 'confirmed' | 'reverted' | 'replaced'
  transactionIds: readonly string[]
  blockNumber: number | null
  blockHash: string | null
  txHash: string | null
  gasUsed: bigint | null
  effectiveGasPrice: bigint | null
  revertReason: string | null
  signedAt: Date | null
}

export interface AttemptRow {
  submissionId: string
  attempt: number
  rawTx: Uint8Array
  txHash: string
  fees: Fees
  signedAt: Date
  broadcastAt: Date | null
  broadcasts: number
  answers: readonly { verdict: BroadcastVerdict; reason: BroadcastReason; message: string; at: Date }[]
}

export interface LaneRow {
  id: string
  chainId: number
  address: string
  keyJwe: string
  status: 'active' | 'paused'
  pauseReason: string | null
  balanceWei: bigint | null
}

export interface ChainRow {
  id: number
  status: 'active' | 'halted'
  haltReason: string | null
  finalityDepth: number
}

export interface CursorRow {
  number: number
  hash: string
  headNumber: number
  finalNumber: number
}

export interface BlockRow {
  chainId: number
  number: number
  hash: string
  generation: number
  status: 'canonical' | 'orphaned'
}

export interface EventRow {
  xid: bigint
  id: string
  tenantId: string
  economyId: string | null
  topic: Topic
  subjectId: string
  payload: Readonly<Record<string, unknown>> | null
}

export interface KeyRow {
  economyId: string
  key: string
  fingerprint: Fingerprint
  transactionId: string | null
  result: StoredResult | null
}

export interface ActivityRow {
  economyId: string
  subjectId: string
  hourMs: number
  count: number
  amount: bigint
}

/** The tables of the money path. */
export class MemoryTables {
  readonly database = new MemoryDatabase()
  readonly economies = new Table<EconomyRow>()
  readonly users = new Table<UserRow>()
  readonly accounts = new Table<AccountRow>()
  readonly transactions = new Table<TransactionRow>()
  readonly holds = new Table<HoldRow>()
  readonly entries = new Table<EntryRow>()
  readonly submissions = new Table<SubmissionRow>()
  readonly attempts = new Table<AttemptRow>()
  readonly lanes = new Table<LaneRow>()
  readonly chains = new Table<ChainRow>()
  readonly cursors = new Table<CursorRow>()
  readonly blocks = new Table<BlockRow>()
  readonly events = new Table<EventRow>()
  readonly keys = new Table<KeyRow>()
  readonly activity = new Table<ActivityRow>()
  /** By transaction: what was accepted with it. */
  readonly attachments = new Table<Attachment>()
  readonly reconciliations = new Table<Reconciliation>()
  readonly readers = new Table<{ xid: bigint; id: string }>()
}

export function byId<Row extends { id: string }>(a: Row, b: Row): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}

/** Appends to the outbox in the database transaction of the change. */
export function append(tables: MemoryTables, tx: MemoryTx, event: Omit<EventRow, 'xid'>): void {
  tx.put(tables.events, event.id, { ...event, xid: tx.xid })
}

export function isOpen({ status }: SubmissionRow): boolean {
  return status === 'signed' || status === 'broadcast'
}

export function attemptsOf(tables: MemoryTables, tx: MemoryTx, submissionId: string): AttemptRow[] {
  return tx
    .all(tables.attempts)
    .filter((row) => row.submissionId === submissionId)
    .toSorted((a, b) => a.attempt - b.attempt)
}
