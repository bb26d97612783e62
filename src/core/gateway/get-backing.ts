import type { UnitOfWork } from '../unit-of-work.ts'
import type { SeenBacking } from './backing.ts'
import { EconomyNotBacked } from './errors.ts'

/** What backs the economy's token, as both chains last showed it at final blocks. @throws EconomyNotBacked */
export async function getBacking(
  deps: { unitOfWork: UnitOfWork },
  query: { tenantId: string; economyId: string },
): Promise<SeenBacking> {
  const backing = await deps.unitOfWork(query.tenantId, (tx) => tx.backings.see(query.economyId))
  if (!backing) throw new EconomyNotBacked()
  return backing
}
