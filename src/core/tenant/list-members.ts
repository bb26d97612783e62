import type { Page, PageRequest } from '../shared/page.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { Member } from './member.ts'

/** A page of the tenant's present members. */
export async function listMembers(
  deps: { unitOfWork: UnitOfWork },
  query: { tenantId: string; page: PageRequest },
): Promise<Page<Member>> {
  return deps.unitOfWork(query.tenantId, (tx) => tx.members.list(query.page))
}
