import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { NewSku } from './create-sku.ts'
import { SkuNotFound } from './errors.ts'
import type { RedeemableSku } from './redemption.ts'

/** Changes a SKU; absent fields stay, and orders stay as they were made. @throws SkuNotFound */
export async function updateSku(
  deps: { unitOfWork: UnitOfWork; clock: Clock; ids: Ids },
  command: { actor: Actor; economyId: string; skuId: string; change: Partial<NewSku> },
): Promise<RedeemableSku> {
  const { actor, economyId, skuId, change } = command
  const { tenantId } = actor
  return deps.unitOfWork(tenantId, async (tx) => {
    const before = await tx.redemptions.lockSku(economyId, skuId)
    if (!before) throw new SkuNotFound()
    const after = { ...before, ...change, updatedAt: deps.clock.now() }
    await tx.redemptions.updateSku(after)
    await tx.outbox.append({ tenantId, economyId, topic: 'redeemable_sku.updated', subjectId: skuId })
    await tx.audit.append(
      auditEntry(deps, actor, {
        action: 'redeemable_sku.updated',
        subjectType: 'redeemable_sku',
        subjectId: skuId,
        details: { changed: Object.keys(change) },
      }),
    )
    return after
  })
}
