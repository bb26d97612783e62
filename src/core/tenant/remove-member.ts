import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { auditEntry } from './audit-entry.ts'
import { LastOwner, MemberNotFound } from './errors.ts'
import type { MemberRole } from './member.ts'
import { refuseAboveRole } from './role-scopes.ts'

/**
 * Removes a person from the team. The address may be added again later, as a new member.
 *
 * @throws MemberNotFound, LastOwner, OwnerRequired
 */
export async function removeMember(
  deps: { unitOfWork: UnitOfWork; clock: Clock; ids: Ids },
  command: { actor: Actor; actorRole: MemberRole | null; memberId: string },
): Promise<void> {
  const { actor, memberId } = command
  await deps.unitOfWork(actor.tenantId, async (tx) => {
    const owners = await tx.members.lockOwners()
    const member = await tx.members.find(memberId)
    if (!member) throw new MemberNotFound()
    refuseAboveRole(command.actorRole, member.role)
    if (member.role === 'owner' && owners === 1) throw new LastOwner()
    await tx.members.remove(memberId, deps.clock.now())
    await tx.audit.append(
      auditEntry(deps, actor, {
        action: 'member.removed',
        subjectType: 'member',
        subjectId: memberId,
        details: { email: member.email, role: member.role },
      }),
    )
  })
}
