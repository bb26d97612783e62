import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import type { Metadata } from '../shared/metadata.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { LimitReached } from './errors.ts'
import {
  type PricingDefinition,
  parsePricing,
  TRANSACTION_TYPES_MAX,
  type TransactionType,
  toPricingDefinition,
} from './transaction-type.ts'

export interface CreateTransactionType extends PricingDefinition {
  actor: Actor
  economyId: string
  name: string
  metadata: Metadata
}

/**
 * Defines a transaction type. It can be executed as soon as this returns.
 *
 * Atomic: the type, its event and its audit entry, or nothing.
 * @throws InvalidRequest, TransactionTypeNameTaken, LimitReached
 */
export async function createTransactionType(
  deps: { unitOfWork: UnitOfWork; clock: Clock; ids: Ids },
  command: CreateTransactionType,
): Promise<TransactionType> {
  const { actor, economyId, name } = command
  const type = draftTransactionType(deps, command)
  await deps.unitOfWork(actor.tenantId, async (tx) => {
    if ((await tx.transactionTypes.count(economyId)) >= TRANSACTION_TYPES_MAX) {
      throw new LimitReached('transaction types', TRANSACTION_TYPES_MAX)
    }
    await tx.transactionTypes.insert(type)
    await tx.outbox.append({
      tenantId: actor.tenantId,
      economyId,
      topic: 'transaction_type.created',
      subjectId: type.id,
    })
    await tx.audit.append(
      auditEntry(deps, actor, {
        action: 'transaction_type.created',
        subjectType: 'transaction_type',
        subjectId: type.id,
        details: { name, ...toPricingDefinition(type) },
      }),
    )
  })
  return type
}

/** The type as it would be created. @throws InvalidRequest */
export function draftTransactionType(
  deps: { clock: Clock; ids: Ids },
  command: CreateTransactionType,
): TransactionType {
  const { actor, economyId, name, kind, metadata } = command
  const now = deps.clock.now()
  return {
    id: deps.ids.next(),
    tenantId: actor.tenantId,
    economyId,
    name,
    kind,
    status: 'active',
    metadata,
    createdAt: now,
    updatedAt: now,
    ...parsePricing(command),
  }
}
