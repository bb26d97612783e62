import type { Ids } from '../shared/clock.ts'
import type { Observer } from '../shared/observer.ts'
import type { BlockReaders } from './block-reader.ts'
import { type ChainBalances, compareLedger } from './compare-ledger.ts'
import type {
  Difference,
  LedgerSnapshot,
  Reconciliation,
  ReconciliationStore,
} from './reconciliation-store.ts'

/** Differences that are listed; one is enough to raise the alarm. */
export const DIFFERENCES_MAX = 100

export interface ReconcileDeps {
  reconciliations: ReconciliationStore
  /** What is not as it must be in the books of the economy's backing; empty where it has none. */
  compareBacking: (economyId: string) => Promise<readonly Difference[]>
  blockReaders: BlockReaders
  ids: Ids
  observer: Observer
}

/**
 * Compares an economy's ledger with its chain at one block, account by account, and with its own sums; and the books of what backs
 * its token with both chains. A drift is stored,
 * told to the business and raised as an alarm; nothing is corrected: corrections are postings, made by a person.
 *
 * Reads only, but for the result. Null while there is nothing to compare.
 * @throws ChainUnavailable, BlockVanished when the node cannot tell the balances at that block: ask again later.
 */
export async function reconcileEconomy(
  deps: ReconcileDeps,
  economyId: string,
): Promise<Reconciliation | null> {
  const snapshot = await deps.reconciliations.snapshot(economyId)
  if (!snapshot) return null
  const differences = [
    ...compareLedger(snapshot, await readChain(deps, snapshot)),
    ...(await deps.compareBacking(economyId)),
  ]
  const reconciliation: Reconciliation = {
    id: deps.ids.next(),
    economyId,
    tenantId: snapshot.tenantId,
    block: snapshot.block,
    accounts: snapshot.accounts.length,
    status: differences.length === 0 ? 'equal' : 'drift',
    differences: differences.slice(0, DIFFERENCES_MAX),
  }
  await deps.reconciliations.record(reconciliation)
  report(deps.observer, reconciliation, differences.length)
  return reconciliation
}

async function readChain(deps: ReconcileDeps, snapshot: LedgerSnapshot): Promise<ChainBalances> {
  const reader = deps.blockReaders.get(snapshot.chainId)
  const { token, block } = snapshot
  const addresses = snapshot.accounts
    .filter((account) => account.kind !== 'issuance')
    .map((account) => account.address)
  const totalSupply = await reader.totalSupply(token, block.hash)
  const balances = await reader.balancesOf(token, addresses, block.hash)
  return {
    totalSupply,
    balances: new Map(addresses.map((address, index) => [address, balances[index] ?? 0n])),
  }
}

function report(observer: Observer, reconciliation: Reconciliation, differences: number): void {
  const { id, economyId, block, accounts, status } = reconciliation
  observer.count('ledger_reconciliations_total', { status })
  observer.log(
    status === 'equal' ? 'info' : 'error',
    status === 'equal' ? 'ledger.reconciled' : 'ledger.drift',
    {
      reconciliationId: id,
      economyId,
      blockNumber: block.number,
      accounts,
      differences,
    },
  )
}
