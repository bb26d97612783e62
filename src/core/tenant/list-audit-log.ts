import type { Page, PageRequest } from '../shared/page.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { AuditEntry } from './audit-entry.ts'
import type { AuditFilter } from './audit-store.ts'

/** A page of the tenant's administrative acts, newest first unless the page says otherwise. */
export async function listAuditLog(
  deps: { unitOfWork: UnitOfWork },
  query: { tenantId: string; page: PageRequest; filter: AuditFilter },
): Promise<Page<AuditEntry>> {
  return deps.unitOfWork(query.tenantId, (tx) => tx.audit.list(query.page, query.filter))
}
