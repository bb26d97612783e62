import type { Clock } from '../shared/clock.ts'
import type { Metadata } from '../shared/metadata.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { CompanyUserFixed, UserArchived, UserNotFound } from './errors.ts'
import type { User } from './user.ts'

/** What may change; absent fields stay, null empties. Metadata is replaced as a whole. */
export interface UserChange {
  externalId?: string | null
  name?: string | null
  isVerified?: boolean
  metadata?: Metadata
}

/**
 * Changes what the business says about a user. Token rules see it from the next transaction on.
 *
 * @throws UserNotFound, UserArchived, ExternalIdTaken
 * @throws CompanyUserFixed for an external id of the company
 */
export async function updateUser(
  deps: { unitOfWork: UnitOfWork; clock: Clock },
  command: { tenantId: string; economyId: string; userId: string; change: UserChange },
): Promise<User> {
  const { tenantId, economyId, userId, change } = command
  return deps.unitOfWork(tenantId, async (tx) => {
    const before = await tx.users.lock(economyId, userId)
    if (!before) throw new UserNotFound()
    if (before.status === 'archived') throw new UserArchived()
    if (before.type === 'company' && change.externalId !== undefined) throw new CompanyUserFixed()
    const after: User = { ...before, ...change, updatedAt: deps.clock.now() }
    await tx.users.update(after)
    await tx.outbox.append({
      tenantId,
      economyId,
      topic: 'user.updated',
      subjectId: userId,
      payload: { fields: Object.keys(change) },
    })
    return after
  })
}
