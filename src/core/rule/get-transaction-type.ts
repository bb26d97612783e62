import type { UnitOfWork } from '../unit-of-work.ts'
import { TransactionTypeNotFound } from './errors.ts'
import type { TransactionType } from './transaction-type.ts'

/** One transaction type of the economy, archived or not. @throws TransactionTypeNotFound */
export async function getTransactionType(
  deps: { unitOfWork: UnitOfWork },
  query: { tenantId: string; economyId: string; typeId: string },
): Promise<TransactionType> {
  const type = await deps.unitOfWork(query.tenantId, (tx) =>
    tx.transactionTypes.find(query.economyId, query.typeId),
  )
  if (!type) throw new TransactionTypeNotFound()
  return type
}
