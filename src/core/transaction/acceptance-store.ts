import type { Fingerprint } from '../idempotency/fingerprint.ts'
import type { LockedBalance, Reservation } from '../ledger/hold-funds.ts'
import type { EconomyStatus } from '../economy/economy.ts'
import type { EconomyConfig } from '../rule/economy-config.ts'
import type { ActivityWindows, RuleParty } from '../rule/evaluate-rules.ts'
import type { StoredResult } from './accept-transactions.ts'
import type { AcceptedAttachment } from './attachment.ts'
import type { AcceptedTransaction } from './transaction.ts'

/** A user as acceptance needs it, with its account row locked. */
export interface LockedParty extends LockedBalance, RuleParty {
  status: 'active' | 'archived'
  isManaged: boolean
}

/** Where a user's row lives. */
export interface PartyRef {
  economyId: string
  userId: string
}

/** The part of an economy that may change from one batch to the next. */
export interface EconomyState {
  tenantId: string
  status: EconomyStatus
  configVersion: number
  laneId: string
}

/** A subject of rule windows: a sending user or a transaction type. */
export interface ActivitySubject {
  economyId: string
  subjectId: string
}

/** A request's claim to its idempotency key; `transactionId` is the id a single transaction gets if it is accepted. */
export interface KeyClaim {
  economyId: string
  tenantId: string
  key: string
  fingerprint: Fingerprint
  transactionId: string | null
}

/** What an idempotency record found for a claimed key holds. */
export interface FoundKey {
  fingerprint: Fingerprint
  result: StoredResult
}

/** Everything one batch writes, in one statement. */
export interface AcceptedBatch {
  transactions: readonly AcceptedTransaction[]
  /** Per `refKey` of the account. */
  reservations: ReadonlyMap<string, Reservation>
  /** Results of claimed keys that are not simply "this one transaction". */
  results: readonly { economyId: string; key: string; result: StoredResult }[]
  now: Date
}

/** Port: one database transaction of the acceptor. Raw SQL behind it, every call set-based. */
export interface AcceptanceTx {
  /** Comes first: it is what is answered with the beginning of the transaction. */
  readEconomies(economyIds: readonly string[]): Promise<Map<string, EconomyState>>
  /** Claims the keys, in sorted order; answers those that were claimed before, by `refKey(economyId, key)`. */
  claimKeys(claims: readonly KeyClaim[]): Promise<Map<string, FoundKey>>
  loadConfig(economyId: string): Promise<EconomyConfig>
  /** Locks the accounts in (economy, id) order; unknown users are absent from the answer. By `refKey`. */
  lockParties(refs: readonly PartyRef[]): Promise<Map<string, LockedParty>>
  /** Counts and sums accepted before, by `refKey`. */
  readActivity(subjects: readonly ActivitySubject[], now: Date): Promise<Map<string, ActivityWindows>>
  findAccepted(economyId: string, ids: readonly string[]): Promise<Map<string, AcceptedTransaction>>
  /** Its answer comes with that of the commit: a failure is one of the transaction. */
  write(batch: AcceptedBatch): void
  /** Writes what comes with the transactions; called for batches that have such only. */
  attach(attachments: readonly AcceptedAttachment[], now: Date): Promise<void>
}

/** Port: opens the acceptor's database transaction, seeing only the given tenants' rows. */
export interface AcceptanceStore {
  /** @param onSent called when nothing more of the transaction is to be sent: one that is begun now sees what it has written. */
  transaction<Result>(
    tenantIds: readonly string[],
    work: (tx: AcceptanceTx) => Promise<Result>,
    onSent?: () => void,
  ): Promise<Result>
}

/** One string for a row inside an economy: two economies never share a key. */
export function refKey(economyId: string, id: string): string {
  return `${economyId}/${id}`
}
