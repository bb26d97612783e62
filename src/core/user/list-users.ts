import type { Page, PageRequest } from '../shared/page.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { User } from './user.ts'
import type { UserFilter } from './user-store.ts'

/** A page of the economy's users, the company among them, newest first unless the page says otherwise. */
export async function listUsers(
  deps: { unitOfWork: UnitOfWork },
  query: { tenantId: string; economyId: string; page: PageRequest; filter: UserFilter },
): Promise<Page<User>> {
  return deps.unitOfWork(query.tenantId, (tx) => tx.users.list(query.economyId, query.page, query.filter))
}
