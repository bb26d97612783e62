import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { auditEntry } from './audit-entry.ts'
import { LastOwner, MemberNotFound } from './errors.ts'
import type { Member, MemberRole } from './member.ts'
import { refuseAboveRole } from './role-scopes.ts'

/**
 * Gives a member another role. The same role again changes nothing.
 *
 * @throws MemberNotFound, LastOwner, OwnerRequired
 */
export async function updateMember(
  deps: { unitOfWork: UnitOfWork; clock: Clock; ids: Ids },
  command: { actor: Actor; actorRole: MemberRole | null; memberId: string; role: MemberRole },
): Promise<Member> {
  const { actor, memberId, role } = command
  return deps.unitOfWork(actor.tenantId, async (tx) => {
    // Before the member is read, so that two owners cannot step down at the same moment.
    const owners = await tx.members.lockOwners()
    const member = await tx.members.find(memberId)
    if (!member) throw new MemberNotFound()
    refuseAboveRole(command.actorRole, role, member.role)
    if (member.role === role) return member
    if (member.role === 'owner' && owners === 1) throw new LastOwner()
    await tx.members.setRole(memberId, role)
    await tx.audit.append(
      auditEntry(deps, actor, {
        action: 'member.updated',
        subjectType: 'member',
        subjectId: memberId,
        details: { role: { from: member.role, to: role } },
      }),
    )
    return { ...member, role }
  })
}
