import type { BaseUnits } from '../shared/money.ts'
import type { LedgerSnapshot, SnapshotAccount } from './reconciliation-store.ts'

/**
 * balance: settled is not what the chain says · supply: the issuance account is not minus the token's supply · sum: all settled
 * balances together are not zero · entries: settled is not the sum of the entries · held, pending_in: a reservation is not the
 * sum of what reserves · stray_hold: funds held for a transaction that is over · unheld_transaction: a live transaction
 * without held funds.
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

/** One thing that is not as it must be. Amounts are decimal strings of base units. */
export interface Difference {
  kind: DifferenceKind
  /** The account, or the transaction of the last two kinds; null for the whole ledger. */
  subjectId: string | null
  address?: string
  expected?: string
  found?: string
}

/** What the chain says at the snapshot's block, in base units. */
export interface ChainBalances {
  totalSupply: BaseUnits
  /** By address; the zero address is left out. */
  balances: ReadonlyMap<string, BaseUnits>
}

/** Finds every difference between a ledger, its own sums and the chain. Pure. */
export function compareLedger(snapshot: LedgerSnapshot, chain: ChainBalances): Difference[] {
  const sum = snapshot.accounts.reduce((total, account) => total + account.settled, 0n)
  return [
    ...unequal('sum', null, 0n, sum),
    ...supplyOf(snapshot, chain),
    ...snapshot.accounts.flatMap((account) => compareAccount(account, chain)),
    ...snapshot.strayHolds.map((subjectId) => ({ kind: 'stray_hold' as const, subjectId })),
    ...snapshot.unheldTransactions.map((subjectId) => ({ kind: 'unheld_transaction' as const, subjectId })),
  ]
}

function supplyOf(snapshot: LedgerSnapshot, chain: ChainBalances): Difference[] {
  const issuance = snapshot.accounts.find((account) => account.kind === 'issuance')
  return unequal('supply', issuance ?? null, chain.totalSupply, -(issuance?.settled ?? 0n))
}

function compareAccount(account: SnapshotAccount, chain: ChainBalances): Difference[] {
  const onChain = account.kind === 'issuance' ? account.settled : (chain.balances.get(account.address) ?? 0n)
  return [
    ...unequal('balance', account, onChain, account.settled),
    ...unequal('entries', account, account.entries, account.settled),
    ...unequal('held', account, account.pendingHolds, account.held),
    ...unequal('pending_in', account, account.openIncoming, account.pendingIn),
  ]
}

function unequal(
  kind: DifferenceKind,
  account: SnapshotAccount | null,
  expected: BaseUnits,
  found: BaseUnits,
): Difference[] {
  if (expected === found) return []
  const difference: Difference = {
    kind,
    subjectId: account?.id ?? null,
    expected: expected.toString(),
    found: found.toString(),
  }
  return [account ? { ...difference, address: account.address } : difference]
}
