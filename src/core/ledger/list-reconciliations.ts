import type { Page, PageRequest } from '../shared/page.ts'
import type { Difference } from './reconciliation-store.ts'

/** A past comparison of an economy's ledger with its chain, as it is shown. */
export interface PastReconciliation {
  id: string
  economyId: string
  /** Everything was compared as of this block. */
  blockNumber: bigint
  blockHash: string
  accounts: number
  status: 'equal' | 'drift'
  /** The first hundred. */
  differences: readonly Difference[]
  createdAt: Date
}

/** Port: a page of an economy's reconciliations. */
export type ReconciliationReader = (
  tenantId: string,
  economyId: string,
  page: PageRequest,
) => Promise<Page<PastReconciliation>>

/** A page of an economy's reconciliations, newest first unless the page says otherwise. */
export async function listReconciliations(
  deps: { reconciliationReader: ReconciliationReader },
  query: { tenantId: string; economyId: string; page: PageRequest },
): Promise<Page<PastReconciliation>> {
  return deps.reconciliationReader(query.tenantId, query.economyId, query.page)
}
