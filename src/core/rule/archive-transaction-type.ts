import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { TransactionTypeNotFound } from './errors.ts'
import type { TransactionType, TransactionTypeStatus } from './transaction-type.ts'

interface Deps {
  unitOfWork: UnitOfWork
  clock: Clock
  ids: Ids
}

interface Command {
  actor: Actor
  economyId: string
  typeId: string
}

/**
 * Takes a transaction type out of use: nothing more is accepted of it; what was accepted goes on. Archiving again changes
 * nothing. @throws TransactionTypeNotFound
 */
export function archiveTransactionType(deps: Deps, command: Command): Promise<TransactionType> {
  return setStatus(deps, command, 'archived')
}

/** Takes an archived transaction type back into use. @throws TransactionTypeNotFound */
export function unarchiveTransactionType(deps: Deps, command: Command): Promise<TransactionType> {
  return setStatus(deps, command, 'active')
}

async function setStatus(
  deps: Deps,
  { actor, economyId, typeId }: Command,
  status: TransactionTypeStatus,
): Promise<TransactionType> {
  const act = status === 'archived' ? 'transaction_type.archived' : 'transaction_type.unarchived'
  return deps.unitOfWork(actor.tenantId, async (tx) => {
    const before = await tx.transactionTypes.lock(economyId, typeId)
    if (!before) throw new TransactionTypeNotFound()
    if (before.status === status) return before
    const after: TransactionType = { ...before, status, updatedAt: deps.clock.now() }
    await tx.transactionTypes.update(after)
    await tx.outbox.append({ tenantId: actor.tenantId, economyId, topic: act, subjectId: typeId })
    await tx.audit.append(
      auditEntry(deps, actor, { action: act, subjectType: 'transaction_type', subjectId: typeId }),
    )
    return after
  })
}
