import type { Topic } from '../outbox/topics.ts'
import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { Stores } from '../stores.ts'
import type { Economy, EconomyStatus } from './economy.ts'
import { EconomyNotFound, EconomyStateConflict } from './errors.ts'

/** A step of an economy's life that somebody asked for. */
export interface StatusChange {
  economyId: string
  from: EconomyStatus
  to: EconomyStatus
  /** The audit log's word for it. */
  action: string
  topic: Topic
}

/**
 * Moves an economy from one status to another inside the caller's unit of work, with its event and audit entry. An economy
 * that is there already stays as it is, so the act may be repeated.
 *
 * @throws EconomyNotFound, EconomyStateConflict
 */
export async function changeEconomyStatus(
  deps: { clock: Clock; ids: Ids },
  tx: Stores,
  actor: Actor,
  change: StatusChange,
): Promise<Economy> {
  const { economyId, from, to } = change
  const economy = await tx.economies.lock(economyId)
  if (!economy) throw new EconomyNotFound()
  if (economy.status === to) return economy
  if (economy.status !== from) throw new EconomyStateConflict(economy.status, from)
  const updatedAt = deps.clock.now()
  await tx.economies.setStatus(economyId, to, updatedAt)
  await tx.outbox.append({
    tenantId: actor.tenantId,
    economyId,
    topic: change.topic,
    subjectId: economyId,
    payload: { status: to },
  })
  await tx.audit.append(
    auditEntry(deps, actor, { action: change.action, subjectType: 'economy', subjectId: economyId }),
  )
  return { ...economy, status: to, failureReason: null, updatedAt }
}
