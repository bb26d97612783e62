import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import type { Stores } from '../stores.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import { MemberNotFound } from '../tenant/errors.ts'
import type { MemberRole } from '../tenant/member.ts'
import { refuseAboveRole } from '../tenant/role-scopes.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { SecretTokens } from './password.ts'

/** Seconds for which an invitation works. */
export const INVITATION_SECONDS = 7 * 24 * 3_600

/** Shown once. */
export interface Invitation {
  memberId: string
  token: string
  expiresAt: Date
}

interface Deps {
  unitOfWork: UnitOfWork
  secretTokens: SecretTokens
  clock: Clock
  ids: Ids
}

/**
 * Makes the token by which a member sets a password, the first one or, where it was forgotten, a new one. An earlier invitation works no
 * more; sessions go on until the new one is accepted.
 *
 * @throws MemberNotFound, OwnerRequired
 */
export async function inviteMember(
  deps: Deps,
  command: { actor: Actor; actorRole: MemberRole | null; memberId: string },
): Promise<Invitation> {
  const { actor, actorRole, memberId } = command
  return deps.unitOfWork(actor.tenantId, async (tx) => {
    const member = await tx.members.find(memberId)
    if (!member) throw new MemberNotFound()
    refuseAboveRole(actorRole, member.role)
    return issueInvitation(deps, tx, actor, memberId)
  })
}

async function issueInvitation(
  deps: Pick<Deps, 'secretTokens' | 'clock' | 'ids'>,
  tx: Stores,
  actor: Actor,
  memberId: string,
): Promise<Invitation> {
  const now = deps.clock.now()
  const { text, hash } = deps.secretTokens.issue('invitation')
  const expiresAt = new Date(now.getTime() + INVITATION_SECONDS * 1_000)
  await tx.sessions.invite(memberId, hash, now, expiresAt)
  await tx.audit.append(
    auditEntry(deps, actor, {
      action: 'member.invited',
      subjectType: 'member',
      subjectId: memberId,
      details: { expires_at: expiresAt },
    }),
  )
  return { memberId, token: text, expiresAt }
}
