import type { Page, PageRequest } from '../shared/page.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { AirdropWithProgress } from './airdrop.ts'

/** A page of the economy's airdrops with their progress, newest first unless the page says otherwise. */
export async function listAirdrops(
  deps: { unitOfWork: UnitOfWork },
  query: { tenantId: string; economyId: string; page: PageRequest },
): Promise<Page<AirdropWithProgress>> {
  return deps.unitOfWork(query.tenantId, (tx) => tx.airdrops.list(query.economyId, query.page))
}
