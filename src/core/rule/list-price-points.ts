import type { Page, PageRequest } from '../shared/page.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { FiatCurrency } from './currency.ts'
import type { PricePoint } from './price-point.ts'

/** A page of the economy's price points in the order they were recorded, newest first unless the page says otherwise. */
export async function listPricePoints(
  deps: { unitOfWork: UnitOfWork },
  query: { tenantId: string; economyId: string; page: PageRequest; filter: { currency?: FiatCurrency } },
): Promise<Page<PricePoint>> {
  return deps.unitOfWork(query.tenantId, (tx) => tx.prices.list(query.economyId, query.page, query.filter))
}

/** The price of each currency that amounts are converted at now. */
export async function latestPricePoints(
  deps: { unitOfWork: UnitOfWork },
  query: { tenantId: string; economyId: string },
): Promise<PricePoint[]> {
  return deps.unitOfWork(query.tenantId, (tx) => tx.prices.latest(query.economyId))
}
