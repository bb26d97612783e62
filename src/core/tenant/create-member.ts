import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { auditEntry } from './audit-entry.ts'
import type { Member, MemberRole } from './member.ts'
import { refuseAboveRole } from './role-scopes.ts'

/**
 * Adds a person to the tenant's team. E-mail addresses are compared without case.
 *
 * @throws MemberExists, OwnerRequired
 */
export async function createMember(
  deps: { unitOfWork: UnitOfWork; clock: Clock; ids: Ids },
  command: { actor: Actor; actorRole: MemberRole | null; email: string; name: string; role: MemberRole },
): Promise<Member> {
  const { actor, email, name, role } = command
  refuseAboveRole(command.actorRole, role)
  const member: Member = { id: deps.ids.next(), email, name, role, createdAt: deps.clock.now() }
  await deps.unitOfWork(actor.tenantId, async (tx) => {
    await tx.members.insert(member)
    await tx.audit.append(
      auditEntry(deps, actor, {
        action: 'member.created',
        subjectType: 'member',
        subjectId: member.id,
        details: { email, role },
      }),
    )
  })
  return member
}
