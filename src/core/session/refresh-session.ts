import type { Clock, Ids } from '../shared/clock.ts'
import type { Stores } from '../stores.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { MemberRole } from '../tenant/member.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { AccessTokens } from './access-tokens.ts'
import { RefreshRefused } from './errors.ts'
import { grantAccess } from './grant-access.ts'
import { judgeRefresh } from './judge-refresh.ts'
import type { SecretTokens } from './password.ts'
import type { AccessGrant, EndReason, Session } from './session.ts'
import type { FindRefreshToken } from './session-store.ts'

interface Deps {
  unitOfWork: UnitOfWork
  secretTokens: SecretTokens
  accessTokens: AccessTokens
  findRefreshToken: FindRefreshToken
  clock: Clock
  ids: Ids
}

interface Refreshed {
  session: Session
  role: MemberRole
}

/**
 * Exchanges a refresh token for a new one and an access token. A token that was exchanged before ends the whole session: somebody else
 * has it too (judge-refresh.ts tells the one exception).
 *
 * @throws RefreshRefused
 */
export async function refreshSession(
  deps: Deps,
  command: { refreshToken: string; ip: string; requestId: string },
): Promise<AccessGrant> {
  const hash = deps.secretTokens.hashOf('refresh', command.refreshToken)
  const found = hash && (await deps.findRefreshToken(hash))
  if (!found) throw new RefreshRefused()
  const now = deps.clock.now()
  const { tenantId, sessionId, generation } = found
  const next = deps.secretTokens.issue('refresh')
  // A refusal is an answer and no throw in here: ending the session must be kept.
  const refreshed = await deps.unitOfWork(tenantId, async (tx): Promise<Refreshed | null> => {
    const session = await tx.sessions.lock(sessionId)
    const member = session && (await tx.members.find(session.memberId))
    const tenant = await tx.tenants.get()
    if (!session || !member || tenant?.status !== 'active') return null
    const judged = judgeRefresh(session, generation, now)
    switch (judged.kind) {
      case 'over':
        return null
      case 'reused':
        return end(deps, tx, { ...command, tenantId, session, reason: 'token_reused', now })
      case 'exhausted':
        return end(deps, tx, { ...command, tenantId, session, reason: 'exhausted', now })
      case 'rotate':
        await tx.sessions.rotate(judged.session)
        await tx.sessions.insertToken(sessionId, judged.session.generation, next.hash)
        return { session: judged.session, role: member.role }
    }
  })
  if (!refreshed) throw new RefreshRefused()
  return grantAccess(deps, { ...refreshed, tenantId, refreshToken: next.text, now })
}

async function end(
  deps: Pick<Deps, 'clock' | 'ids'>,
  tx: Stores,
  of: { tenantId: string; session: Session; reason: EndReason; now: Date; ip: string; requestId: string },
): Promise<null> {
  const { tenantId, session, reason, now, ip, requestId } = of
  await tx.sessions.end([session.id], now, reason)
  await tx.audit.append(
    auditEntry(
      deps,
      { tenantId, type: 'system', id: 'refresh', ip, requestId },
      {
        action: 'member.session_ended',
        subjectType: 'member',
        subjectId: session.memberId,
        details: { session_id: session.id, reason },
      },
    ),
  )
  return null
}
