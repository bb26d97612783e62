import type { Page, PageRequest } from '../shared/page.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { EconomyFilter } from './economy-store.ts'
import type { Economy } from './economy.ts'

/** A page of the tenant's economies, newest first unless the page says otherwise. */
export async function listEconomies(
  deps: { unitOfWork: UnitOfWork },
  query: { tenantId: string; page: PageRequest; filter: EconomyFilter },
): Promise<Page<Economy>> {
  return deps.unitOfWork(query.tenantId, (tx) => tx.economies.list(query.page, query.filter))
}
