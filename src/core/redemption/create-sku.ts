import { EconomyNotFound } from '../economy/errors.ts'
import { LimitReached } from '../rule/errors.ts'
import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { type RedeemableSku, SKUS_MAX } from './redemption.ts'

export type NewSku = Pick<RedeemableSku, 'name' | 'description' | 'images' | 'availability' | 'status'>

/** Offers something for tokens. @throws EconomyNotFound @throws LimitReached at {@link SKUS_MAX} */
export async function createSku(
  deps: { unitOfWork: UnitOfWork; clock: Clock; ids: Ids },
  command: { actor: Actor; economyId: string; sku: NewSku },
): Promise<RedeemableSku> {
  const { actor, economyId, sku } = command
  const { tenantId } = actor
  const now = deps.clock.now()
  return deps.unitOfWork(tenantId, async (tx) => {
    if (!(await tx.economies.find(economyId))) throw new EconomyNotFound()
    if ((await tx.redemptions.countSkus(economyId)) >= SKUS_MAX)
      throw new LimitReached('redeemable SKUs', SKUS_MAX)
    const id = deps.ids.next()
    const created = await tx.redemptions.insertSku({
      ...sku,
      id,
      tenantId,
      economyId,
      createdAt: now,
      updatedAt: now,
    })
    await tx.outbox.append({ tenantId, economyId, topic: 'redeemable_sku.created', subjectId: id })
    await tx.audit.append(
      auditEntry(deps, actor, {
        action: 'redeemable_sku.created',
        subjectType: 'redeemable_sku',
        subjectId: id,
        details: { name: sku.name, status: sku.status },
      }),
    )
    return created
  })
}
