import type { BaseUnits } from '../shared/money.ts'
import { unequal } from './difference.ts'
import type { Difference, LedgerSnapshot, SnapshotAccount } from './reconciliation-store.ts'

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
