import type { Page, PageRequest } from '../shared/page.ts'
import type { FiatCurrency } from './currency.ts'
import type { PricePoint } from './price-point.ts'

/** Port: the prices of the tenant's tokens. Append-only; every write raises the economy's configuration version. */
export interface PricePointStore {
  insert(point: PricePoint): Promise<void>
  find(economyId: string, id: string): Promise<PricePoint | null>
  /** The price in force of each currency that has one: the chain's, where it gives one, else the latest by the moment it is of. */
  latest(economyId: string): Promise<PricePoint[]>
  list(economyId: string, page: PageRequest, filter: { currency?: FiatCurrency }): Promise<Page<PricePoint>>
}
