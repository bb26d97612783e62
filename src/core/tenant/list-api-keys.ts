import type { Page, PageRequest } from '../shared/page.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { ApiKey } from './api-key.ts'

/** A page of the tenant's keys, expired and revoked ones included. */
export async function listApiKeys(
  deps: { unitOfWork: UnitOfWork },
  query: { tenantId: string; page: PageRequest; filter: { economyId?: string } },
): Promise<Page<ApiKey>> {
  return deps.unitOfWork(query.tenantId, (tx) => tx.apiKeys.list(query.page, query.filter))
}
