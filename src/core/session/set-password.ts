import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import type { Stores } from '../stores.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { InvitationInvalid, SignInFailed } from './errors.ts'
import { type PasswordHasher, refuseWeak, type SecretTokens } from './password.ts'
import type { FindInvitation } from './session-store.ts'
import type { SignInGuard } from './sign-in-guard.ts'
import { tryPassword } from './try-password.ts'

interface Deps {
  unitOfWork: UnitOfWork
  passwords: PasswordHasher
  clock: Clock
  ids: Ids
}

/**
 * Sets the password of the person that an invitation is for; it is used up, and every session of theirs ends: an invitation is also how a
 * forgotten password is set anew.
 *
 * @throws InvitationInvalid, InvalidRequest
 */
export async function acceptInvitation(
  deps: Deps & { secretTokens: SecretTokens; findInvitation: FindInvitation },
  command: { token: string; password: string; ip: string; requestId: string },
): Promise<void> {
  const hash = deps.secretTokens.hashOf('invitation', command.token)
  const found = hash && (await deps.findInvitation(hash))
  if (!hash || !found) throw new InvitationInvalid()
  const { tenantId, memberId } = found
  const passwordHash = await deps.passwords.hash(command.password)
  await deps.unitOfWork(tenantId, async (tx) => {
    const expiresAt = await tx.sessions.takeInvitation(hash)
    const member = await tx.members.find(memberId)
    if (!expiresAt || !member || expiresAt <= deps.clock.now()) throw new InvitationInvalid()
    refuseWeak(command.password, member.email, '/password')
    const actor: Actor = {
      tenantId,
      type: 'member',
      id: memberId,
      ip: command.ip,
      requestId: command.requestId,
    }
    await replacePassword(deps, tx, { actor, passwordHash, keep: null, action: 'member.invitation_accepted' })
  })
}

/**
 * Changes the member's own password and ends every other session of theirs. Guessing at the current one counts as guessing at a sign-in.
 *
 * @throws SignInFailed, SignInDelayed, InvalidRequest
 */
export async function changePassword(
  deps: Deps & { signInGuard: SignInGuard },
  command: { actor: Actor; sessionId: string; current: string; next: string },
): Promise<void> {
  const { actor, sessionId, current, next } = command
  const known = await deps.unitOfWork(actor.tenantId, async (tx) => {
    const member = await tx.members.find(actor.id)
    return member && { email: member.email, hash: await tx.sessions.lockPassword(actor.id) }
  })
  if (!known?.hash) throw new SignInFailed('The current password is not right.')
  refuseWeak(next, known.email, '/new_password')
  const subject = { account: known.email.toLowerCase(), address: actor.ip ?? '' }
  const isRight = await tryPassword(deps, subject, async () =>
    (await deps.passwords.matches(current, known.hash)) ? true : null,
  )
  if (!isRight) throw new SignInFailed('The current password is not right.')
  const passwordHash = await deps.passwords.hash(next)
  await deps.unitOfWork(actor.tenantId, async (tx) => {
    if ((await tx.sessions.lockPassword(actor.id)) !== known.hash)
      throw new SignInFailed('The password was changed meanwhile.')
    await replacePassword(deps, tx, {
      actor,
      passwordHash,
      keep: sessionId,
      action: 'member.password_changed',
    })
  })
}

async function replacePassword(
  deps: Pick<Deps, 'clock' | 'ids'>,
  tx: Stores,
  of: { actor: Actor; passwordHash: string; keep: string | null; action: string },
): Promise<void> {
  const { actor, passwordHash, keep, action } = of
  const now = deps.clock.now()
  await tx.sessions.setPassword(actor.id, passwordHash, now)
  const others = (await tx.sessions.listOpen(actor.id)).map(({ id }) => id).filter((id) => id !== keep)
  if (others.length > 0) await tx.sessions.end(others, now, 'password_changed')
  await tx.audit.append(auditEntry(deps, actor, { action, subjectType: 'member', subjectId: actor.id }))
}
