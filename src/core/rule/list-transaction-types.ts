import type { Page, PageRequest } from '../shared/page.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { TransactionType } from './transaction-type.ts'
import type { TransactionTypeFilter } from './transaction-type-store.ts'

/** A page of the economy's transaction types, newest first unless the page says otherwise. */
export async function listTransactionTypes(
  deps: { unitOfWork: UnitOfWork },
  query: { tenantId: string; economyId: string; page: PageRequest; filter: TransactionTypeFilter },
): Promise<Page<TransactionType>> {
  return deps.unitOfWork(query.tenantId, (tx) =>
    tx.transactionTypes.list(query.economyId, query.page, query.filter),
  )
}
