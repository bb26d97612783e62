import type { UnitOfWork } from '../unit-of-work.ts'
import type { StakeWithBacking } from './create-stake.ts'
import { StakeNotFound } from './errors.ts'

/** One stake of the economy, with the backing it is for. @throws StakeNotFound */
export async function getStake(
  deps: { unitOfWork: UnitOfWork },
  query: { tenantId: string; economyId: string; stakeId: string },
): Promise<StakeWithBacking> {
  const { tenantId, economyId, stakeId } = query
  return deps.unitOfWork(tenantId, async (tx) => {
    const stake = await tx.messages.find(economyId, 'stake', stakeId)
    const backing = stake && (await tx.backings.find(economyId))
    if (!stake || !backing) throw new StakeNotFound()
    return { stake, backing }
  })
}
