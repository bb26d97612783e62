import type { Page, PageRequest } from '../shared/page.ts'
import type { Transaction } from './transaction.ts'
import type { TransactionFilter, TransactionReader } from './transaction-reader.ts'

/** A page of the economy's transactions, newest first unless the page asks otherwise. */
export async function listTransactions(
  deps: { transactions: TransactionReader },
  owner: { tenantId: string; economyId: string },
  filter: TransactionFilter,
  page: PageRequest,
): Promise<Page<Transaction>> {
  return deps.transactions.list(owner, filter, page)
}
