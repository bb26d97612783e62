import type { UnitOfWork } from '../unit-of-work.ts'
import type { AirdropWithProgress } from './airdrop.ts'
import { AirdropNotFound } from './errors.ts'

/** One airdrop of the economy with its progress. @throws AirdropNotFound */
export async function getAirdrop(
  deps: { unitOfWork: UnitOfWork },
  query: { tenantId: string; economyId: string; airdropId: string },
): Promise<AirdropWithProgress> {
  const { tenantId, economyId, airdropId } = query
  const airdrop = await deps.unitOfWork(tenantId, (tx) => tx.airdrops.find(economyId, airdropId))
  if (!airdrop) throw new AirdropNotFound()
  return airdrop
}
