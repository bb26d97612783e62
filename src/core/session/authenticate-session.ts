import type { Clock } from '../shared/clock.ts'
import type { Caller } from '../tenant/caller.ts'
import { TenantSuspended } from '../tenant/errors.ts'
import type { MemberRole } from '../tenant/member.ts'
import { scopesOf } from '../tenant/role-scopes.ts'
import type { AccessTokens } from './access-tokens.ts'
import { SessionEnded } from './errors.ts'

/** A session as it is now, and whose. */
export interface SessionState {
  tenantId: string
  memberId: string
  role: MemberRole
  expiresAt: Date
  endedAt: Date | null
  removedAt: Date | null
  tenantStatus: 'active' | 'suspended'
}

/** Port: a session by its id, across tenants. At once where it is remembered. */
export type FindSession = (sessionId: string) => SessionState | null | Promise<SessionState | null>

interface Deps {
  accessTokens: AccessTokens
  findSession: FindSession
  clock: Clock
}

/**
 * Decides whether an access token works now. Its signature says whose it is; whether the session goes on, and what the member may do, is
 * asked: who signs out, is removed or gets another role is so within a second and not in ten minutes.
 *
 * @throws Unauthenticated, TokenExpired, SessionEnded, TenantSuspended
 */
export async function authenticateSession(deps: Deps, token: string): Promise<Caller> {
  const now = deps.clock.now()
  const { sessionId, tenantId, memberId } = await deps.accessTokens.verify(token, now)
  const session = await deps.findSession(sessionId)
  const isTheirs = session?.tenantId === tenantId && session.memberId === memberId
  if (!session || !isTheirs || session.endedAt || session.removedAt || session.expiresAt <= now)
    throw new SessionEnded()
  if (session.tenantStatus === 'suspended') throw new TenantSuspended()
  const { role } = session
  return {
    id: memberId,
    tenantId,
    economyId: null,
    environment: null,
    scopes: scopesOf(role),
    member: { sessionId, role },
  }
}
