import type { Clock } from '../shared/clock.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { CompanyUserFixed, UserNotFound } from './errors.ts'
import type { User } from './user.ts'

/**
 * Archives a user: it takes part in nothing new. What it has stays its own, and transactions under way go on. Archiving again
 * changes nothing. @throws UserNotFound, CompanyUserFixed
 */
export async function archiveUser(
  deps: { unitOfWork: UnitOfWork; clock: Clock },
  command: { tenantId: string; economyId: string; userId: string },
): Promise<User> {
  const { tenantId, economyId, userId } = command
  return deps.unitOfWork(tenantId, async (tx) => {
    const before = await tx.users.lock(economyId, userId)
    if (!before) throw new UserNotFound()
    if (before.type === 'company') throw new CompanyUserFixed()
    if (before.status === 'archived') return before
    const after: User = { ...before, status: 'archived', updatedAt: deps.clock.now() }
    await tx.users.update(after)
    await tx.outbox.append({ tenantId, economyId, topic: 'user.archived', subjectId: userId })
    return after
  })
}
