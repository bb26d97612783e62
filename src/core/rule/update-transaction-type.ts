import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import type { Metadata } from '../shared/metadata.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { Currency } from './currency.ts'
import { TransactionTypeArchived, TransactionTypeNotFound } from './errors.ts'
import {
  type CommissionDefinition,
  parsePricing,
  type TransactionType,
  toPricingDefinition,
} from './transaction-type.ts'

/** What may change. Absent fields stay; `amount: null` leaves the amount to each transaction from now on. */
export interface TransactionTypeChange {
  name?: string
  /** With an amount in it, and a commission unless that is a share: amounts are read by their currency. */
  currency?: Currency
  amount?: string | null
  commission?: CommissionDefinition
  metadata?: Metadata
}

/**
 * Changes a transaction type's name, currency, amounts or metadata; its kind is what it is. Transactions accepted before keep
 * what they were accepted with.
 *
 * @throws TransactionTypeNotFound, TransactionTypeArchived, TransactionTypeNameTaken, InvalidRequest
 */
export async function updateTransactionType(
  deps: { unitOfWork: UnitOfWork; clock: Clock; ids: Ids },
  command: { actor: Actor; economyId: string; typeId: string; change: TransactionTypeChange },
): Promise<TransactionType> {
  const { actor, economyId, typeId, change } = command
  return deps.unitOfWork(actor.tenantId, async (tx) => {
    const before = await tx.transactionTypes.lock(economyId, typeId)
    if (!before) throw new TransactionTypeNotFound()
    if (before.status === 'archived') throw new TransactionTypeArchived()
    const { currency, amount, commission, ...labels } = change
    const pricing = parsePricing({
      ...toPricingDefinition(before),
      ...(currency !== undefined && { currency }),
      ...(amount !== undefined && { amount }),
      ...(commission !== undefined && { commission }),
    })
    const after: TransactionType = { ...before, ...labels, ...pricing, updatedAt: deps.clock.now() }
    await tx.transactionTypes.update(after)
    await tx.outbox.append({
      tenantId: actor.tenantId,
      economyId,
      topic: 'transaction_type.updated',
      subjectId: typeId,
      payload: { fields: Object.keys(change) },
    })
    await tx.audit.append(
      auditEntry(deps, actor, {
        action: 'transaction_type.updated',
        subjectType: 'transaction_type',
        subjectId: typeId,
        details: {
          before: { name: before.name, ...toPricingDefinition(before) },
          after: { name: after.name, ...toPricingDefinition(after) },
        },
      }),
    )
    return after
  })
}
