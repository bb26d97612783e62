import { type TransactionType, toPricingDefinition } from '#core/rule/transaction-type.ts'
import { toWire } from './wire-id.ts'

/** A transaction type as /v3 shows it: the same words as it was defined with. */
export function presentTransactionType(type: TransactionType) {
  return {
    object: 'transaction_type' as const,
    id: toWire('typ', type.id),
    name: type.name,
    ...toPricingDefinition(type),
    status: type.status,
    metadata: type.metadata,
    created_at: type.createdAt.toISOString(),
    updated_at: type.updatedAt.toISOString(),
  }
}
