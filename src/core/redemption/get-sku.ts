import type { Page, PageRequest } from '../shared/page.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { SkuNotFound } from './errors.ts'
import type { RedeemableSku, SkuStatus } from './redemption.ts'

/** One SKU of the economy, active or not. @throws SkuNotFound */
export async function getSku(
  deps: { unitOfWork: UnitOfWork },
  query: { tenantId: string; economyId: string; skuId: string },
): Promise<RedeemableSku> {
  const { tenantId, economyId, skuId } = query
  const sku = await deps.unitOfWork(tenantId, (tx) => tx.redemptions.findSku(economyId, skuId))
  if (!sku) throw new SkuNotFound()
  return sku
}

/** A page of the economy's SKUs. */
export async function listSkus(
  deps: { unitOfWork: UnitOfWork },
  query: { tenantId: string; economyId: string; page: PageRequest; filter: { status?: SkuStatus } },
): Promise<Page<RedeemableSku>> {
  const { tenantId, economyId, page, filter } = query
  return deps.unitOfWork(tenantId, (tx) => tx.redemptions.listSkus(economyId, page, filter))
}
