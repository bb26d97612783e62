import type { MemberRole } from '../tenant/member.ts'
import type { AccessTokens } from './access-tokens.ts'
import type { AccessGrant, Session } from './session.ts'

/** The tokens of a session as it is now. Outside of any unit of work: a signature is made. */
export async function grantAccess(
  deps: { accessTokens: AccessTokens },
  of: { session: Session; tenantId: string; role: MemberRole; refreshToken: string; now: Date },
): Promise<AccessGrant> {
  const { session, tenantId, role, refreshToken, now } = of
  const { id: sessionId, memberId } = session
  const accessToken = await deps.accessTokens.issue({ memberId, tenantId, sessionId, role }, now)
  return { accessToken, refreshToken, session, memberId, role }
}
