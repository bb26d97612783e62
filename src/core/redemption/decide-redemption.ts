import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { RedemptionNotFound, RedemptionStateConflict } from './errors.ts'
import type { Redemption } from './redemption.ts'

/**
 * Ends an order: the business has handed over what was ordered, or will not. A cancelled order keeps its payment; giving the
 * tokens back is a transaction of its own. Deciding the same again changes nothing.
 *
 * @throws RedemptionNotFound
 * @throws RedemptionStateConflict unless its transaction is final and nothing else was decided
 */
export async function decideRedemption(
  deps: { unitOfWork: UnitOfWork; clock: Clock; ids: Ids },
  command: { actor: Actor; economyId: string; redemptionId: string; decision: 'fulfilled' | 'cancelled' },
): Promise<Redemption> {
  const { actor, economyId, redemptionId, decision } = command
  const { tenantId } = actor
  return deps.unitOfWork(tenantId, async (tx) => {
    const redemption = await tx.redemptions.lock(economyId, redemptionId)
    if (!redemption) throw new RedemptionNotFound()
    if (redemption.status === decision) return redemption
    if (redemption.status !== 'accepted') throw new RedemptionStateConflict(redemption.status)
    const now = deps.clock.now()
    await tx.redemptions.decide(economyId, redemptionId, decision, now)
    await tx.outbox.append({
      tenantId,
      economyId,
      topic: decision === 'fulfilled' ? 'redemption.fulfilled' : 'redemption.cancelled',
      subjectId: redemptionId,
    })
    await tx.audit.append(
      auditEntry(deps, actor, {
        action: `redemption.${decision}`,
        subjectType: 'redemption',
        subjectId: redemptionId,
      }),
    )
    return { ...redemption, status: decision, decidedAt: now }
  })
}
