import type { Page, PageRequest } from '../shared/page.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { StakeWithBacking } from './create-stake.ts'

/** A page of the economy's stakes. Empty where its token is not backed by any. */
export async function listStakes(
  deps: { unitOfWork: UnitOfWork },
  query: { tenantId: string; economyId: string; page: PageRequest },
): Promise<Page<StakeWithBacking>> {
  const { tenantId, economyId, page } = query
  return deps.unitOfWork(tenantId, async (tx) => {
    const backing = await tx.backings.find(economyId)
    if (!backing) return { rows: [], nextAfter: null }
    const stakes = await tx.messages.list(economyId, 'stake', page)
    return { ...stakes, rows: stakes.rows.map((stake) => ({ stake, backing })) }
  })
}
