import type { Page, PageRequest } from '../shared/page.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { RedemptionNotFound } from './errors.ts'
import type { RedemptionFilter } from './redemption-store.ts'
import type { Redemption } from './redemption.ts'

/** One order. @throws RedemptionNotFound */
export async function getRedemption(
  deps: { unitOfWork: UnitOfWork },
  query: { tenantId: string; economyId: string; redemptionId: string },
): Promise<Redemption> {
  const { tenantId, economyId, redemptionId } = query
  const redemption = await deps.unitOfWork(tenantId, (tx) => tx.redemptions.find(economyId, redemptionId))
  if (!redemption) throw new RedemptionNotFound()
  return redemption
}

/** A page of the economy's orders. */
export async function listRedemptions(
  deps: { unitOfWork: UnitOfWork },
  query: { tenantId: string; economyId: string; page: PageRequest; filter: RedemptionFilter },
): Promise<Page<Redemption>> {
  const { tenantId, economyId, page, filter } = query
  return deps.unitOfWork(tenantId, (tx) => tx.redemptions.list(economyId, page, filter))
}
