import type { UnitOfWork } from '../unit-of-work.ts'
import { PricePointNotFound } from './errors.ts'
import type { PricePoint } from './price-point.ts'

/** One price point of the economy. @throws PricePointNotFound */
export async function getPricePoint(
  deps: { unitOfWork: UnitOfWork },
  query: { tenantId: string; economyId: string; pricePointId: string },
): Promise<PricePoint> {
  const point = await deps.unitOfWork(query.tenantId, (tx) =>
    tx.prices.find(query.economyId, query.pricePointId),
  )
  if (!point) throw new PricePointNotFound()
  return point
}
