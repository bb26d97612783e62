import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import type { Metadata } from '../shared/metadata.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { Economy } from './economy.ts'
import { EconomyNotFound } from './errors.ts'

/**
 * Renames an economy or replaces its metadata. The token's name on the chain stays what it was.
 *
 * @throws EconomyNotFound
 */
export async function updateEconomy(
  deps: { unitOfWork: UnitOfWork; clock: Clock; ids: Ids },
  command: { actor: Actor; economyId: string; name?: string; metadata?: Metadata },
): Promise<Economy> {
  const { actor, economyId, name, metadata } = command
  return deps.unitOfWork(actor.tenantId, async (tx) => {
    const economy = await tx.economies.lock(economyId)
    if (!economy) throw new EconomyNotFound()
    const change = { ...(name !== undefined && { name }), ...(metadata !== undefined && { metadata }) }
    const updatedAt = deps.clock.now()
    await tx.economies.update(economyId, change, updatedAt)
    await tx.outbox.append({
      tenantId: actor.tenantId,
      economyId,
      topic: 'economy.updated',
      subjectId: economyId,
      payload: { fields: Object.keys(change) },
    })
    await tx.audit.append(
      auditEntry(deps, actor, {
        action: 'economy.updated',
        subjectType: 'economy',
        subjectId: economyId,
        details: change,
      }),
    )
    return { ...economy, ...change, updatedAt }
  })
}
