import type { BaseUnits } from '../shared/money.ts'
import type { BlockPosition } from './chain-store.ts'

/** An account as the ledger has it, with what its balances must be the sums of. Base units. */
export interface SnapshotAccount {
  id: string
  kind: 'wallet' | 'external' | 'issuance'
  address: string
  settled: BaseUnits
  held: BaseUnits
  pendingIn: BaseUnits
  /** Sum of the account's entries. */
  entries: BaseUnits
  /** Sum of the account's pending holds. */
  pendingHolds: BaseUnits
  /** Sum of the transfers to the account whose transaction has a pending hold. */
  openIncoming: BaseUnits
}

/** One economy's ledger at one block, all of it read at the same moment. */
export interface LedgerSnapshot {
  economyId: string
  tenantId: string
  chainId: number
  token: string
  block: BlockPosition
  accounts: readonly SnapshotAccount[]
  /** Transactions that count as open, their funds as held, and have ended. */
  strayHolds: readonly string[]
  /** Queued or submitted transactions that count as the other of the two, or whose funds are not held. */
  unheldTransactions: readonly string[]
}

/**
 * balance: settled is not what the chain says · supply: the issuance account is not minus the token's supply · sum: all settled
 * balances together are not zero · entries: settled is not the sum of the entries · held, pending_in: a reservation is not the
 * sum of what reserves · stray_hold: funds held for a transaction that is over · unheld_transaction: a live transaction
 * without held funds, or in the queue by mistake, or not in it · vault, in_flight, backed_supply: an account of the backing is not
 * what the gateway, or the token, says · backing_entries: such an account is not the sum of its entries · uncovered: the supply
 * needs more value than stands behind it.
 */
export type DifferenceKind =
  | 'balance'
  | 'supply'
  | 'sum'
  | 'entries'
  | 'held'
  | 'pending_in'
  | 'stray_hold'
  | 'unheld_transaction'
  | 'vault'
  | 'in_flight'
  | 'backed_supply'
  | 'backing_entries'
  | 'uncovered'

/** One thing that is not as it must be. Amounts are decimal strings of base units. */
export interface Difference {
  kind: DifferenceKind
  /** The account, or the transaction that the kind names; null for the whole ledger, and for the backing. */
  subjectId: string | null
  address?: string
  expected?: string
  found?: string
}

/** The result of comparing an economy's ledger with its chain. */
export interface Reconciliation {
  id: string
  economyId: string
  tenantId: string
  block: BlockPosition
  accounts: number
  status: 'equal' | 'drift'
  /** The first hundred. */
  differences: readonly Difference[]
}

/** Port: reads ledgers as a whole, and keeps the results of comparing them. */
export interface ReconciliationStore {
  /** Null for an unknown economy, and while it has no token or its chain was never read. */
  snapshot(economyId: string): Promise<LedgerSnapshot | null>
  /** Stores the result; a drift is also an event of the tenant, in the same database transaction. */
  record(reconciliation: Reconciliation): Promise<void>
}
