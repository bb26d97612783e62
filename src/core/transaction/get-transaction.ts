import { TransactionNotFound } from './errors.ts'
import type { Transaction } from './transaction.ts'
import type { TransactionReader, TransactionRef } from './transaction-reader.ts'

/** One transaction of the economy. @throws TransactionNotFound */
export async function getTransaction(
  deps: { transactions: TransactionReader },
  ref: TransactionRef,
): Promise<Transaction> {
  const transaction = await deps.transactions.get(ref)
  if (!transaction) throw new TransactionNotFound()
  return transaction
}
