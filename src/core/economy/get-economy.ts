import type { UnitOfWork } from '../unit-of-work.ts'
import type { Economy } from './economy.ts'
import { EconomyNotFound } from './errors.ts'

/** One economy of the tenant, with the steps of its deployment. @throws EconomyNotFound */
export async function getEconomy(
  deps: { unitOfWork: UnitOfWork },
  query: { tenantId: string; economyId: string },
): Promise<Economy> {
  const economy = await deps.unitOfWork(query.tenantId, (tx) => tx.economies.find(query.economyId))
  if (!economy) throw new EconomyNotFound()
  return economy
}
