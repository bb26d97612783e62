import type { UnitOfWork } from '../unit-of-work.ts'
import { UserNotFound } from './errors.ts'
import type { User } from './user.ts'

/** One user of the economy, archived or not, with its wallet. @throws UserNotFound */
export async function getUser(
  deps: { unitOfWork: UnitOfWork },
  query: { tenantId: string; economyId: string; userId: string },
): Promise<User> {
  const user = await deps.unitOfWork(query.tenantId, (tx) => tx.users.find(query.economyId, query.userId))
  if (!user) throw new UserNotFound()
  return user
}
