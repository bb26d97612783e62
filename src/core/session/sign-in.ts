import type { Clock, Ids } from '../shared/clock.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import { TenantSuspended } from '../tenant/errors.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { AccessTokens } from './access-tokens.ts'
import { SignInFailed } from './errors.ts'
import { grantAccess } from './grant-access.ts'
import type { PasswordHasher, SecretTokens } from './password.ts'
import {
  type AccessGrant,
  isLiving,
  type Session,
  SESSION_MS,
  SESSIONS_MAX,
  USER_AGENT_MAX,
} from './session.ts'
import type { FindSignIn, FoundSignIn } from './session-store.ts'
import type { SignInGuard } from './sign-in-guard.ts'
import { tryPassword } from './try-password.ts'

export interface SignIn {
  email: string
  password: string
  /** Null: the only tenant in which somebody with this address has a password. */
  tenantId: string | null
  ip: string
  userAgent: string | null
  requestId: string
}

interface Deps {
  unitOfWork: UnitOfWork
  passwords: PasswordHasher
  secretTokens: SecretTokens
  accessTokens: AccessTokens
  signInGuard: SignInGuard
  findSignIn: FindSignIn
  /** Work that no answer waits for: how long it takes would tell whether an account exists. */
  onTheSide: (work: () => Promise<void>) => void
  clock: Clock
  ids: Ids
}

/**
 * Begins a session for whoever knows the password. An unknown address takes the same time and gets the same answer as a wrong
 * password, delays included.
 *
 * @throws SignInFailed, SignInDelayed
 * @throws TenantSuspended to who knew the password
 */
export async function signIn(deps: Deps, command: SignIn): Promise<AccessGrant> {
  const account = command.email.toLowerCase()
  const found = await tryPassword(deps, { account, address: command.ip }, async () => {
    const known = await deps.findSignIn(account, command.tenantId)
    const isRight = await deps.passwords.matches(command.password, known?.passwordHash ?? null)
    if (known && !isRight) deps.onTheSide(() => noteFailure(deps, command, known))
    return isRight ? known : null
  })
  if (!found) throw new SignInFailed()
  if (found.tenantStatus === 'suspended') throw new TenantSuspended()
  return begin(deps, command, found)
}

async function begin(deps: Deps, command: SignIn, found: FoundSignIn): Promise<AccessGrant> {
  const now = deps.clock.now()
  const { tenantId, memberId } = found
  const session: Session = {
    id: deps.ids.next(),
    memberId,
    generation: 1,
    parentGeneration: 0,
    rotatedAt: now,
    createdAt: now,
    expiresAt: new Date(now.getTime() + SESSION_MS),
    endedAt: null,
    endReason: null,
    ip: command.ip,
    userAgent: command.userAgent?.slice(0, USER_AGENT_MAX) ?? null,
  }
  const token = deps.secretTokens.issue('refresh')
  const role = await deps.unitOfWork(tenantId, async (tx) => {
    // The password may have been changed, or the member removed, while it was hashed.
    const isSame = (await tx.sessions.lockPassword(memberId)) === found.passwordHash
    const member = await tx.members.find(memberId)
    if (!isSame || !member) throw new SignInFailed()
    const open = (await tx.sessions.listOpen(memberId)).filter((other) => isLiving(other, now))
    const crowded = open.slice(SESSIONS_MAX - 1).map(({ id }) => id)
    if (crowded.length > 0) await tx.sessions.end(crowded, now, 'crowded_out')
    await tx.sessions.insert(session)
    await tx.sessions.insertToken(session.id, session.generation, token.hash)
    await tx.audit.append(
      auditEntry(
        deps,
        { tenantId, type: 'member', id: memberId, ip: command.ip, requestId: command.requestId },
        {
          action: 'member.signed_in',
          subjectType: 'member',
          subjectId: memberId,
          details: { session_id: session.id },
        },
      ),
    )
    return member.role
  })
  return grantAccess(deps, { session, tenantId, role, refreshToken: token.text, now })
}

async function noteFailure(deps: Deps, command: SignIn, { tenantId, memberId }: FoundSignIn): Promise<void> {
  const { ip, requestId } = command
  await deps.unitOfWork(tenantId, (tx) =>
    tx.audit.append(
      auditEntry(
        deps,
        { tenantId, type: 'system', id: 'sign-in', ip, requestId },
        { action: 'member.sign_in_failed', subjectType: 'member', subjectId: memberId },
      ),
    ),
  )
}
