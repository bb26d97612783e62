import { type Page, type PageRequest, toPage } from '../shared/page.ts'
import type { Transaction } from './transaction.ts'
import type { TransactionFilter, TransactionReader } from './transaction-reader.ts'

/** A page of the economy's transactions, newest first unless the page asks otherwise. */
export async function listTransactions(
  deps: { transactions: TransactionReader },
  owner: { tenantId: string; economyId: string },
  filter: TransactionFilter,
  page: PageRequest,
): Promise<Page<Transaction>> {
  const rows = await deps.transactions.list(owner, filter, page)
  return toPage(rows, page.limit, (transaction) => transaction.id)
}
