import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { SessionNotFound } from './errors.ts'
import { isLiving, type Session } from './session.ts'

interface Deps {
  unitOfWork: UnitOfWork
  clock: Clock
  ids: Ids
}

/** The member's open sessions, newest first. */
export async function listSessions(
  { unitOfWork, clock }: Pick<Deps, 'unitOfWork' | 'clock'>,
  query: { tenantId: string; memberId: string },
): Promise<Session[]> {
  const open = await unitOfWork(query.tenantId, (tx) => tx.sessions.listOpen(query.memberId))
  return open.filter((session) => isLiving(session, clock.now()))
}

/** Ends the session that asks, or all of the member's. Its access tokens are refused within a second. */
export async function signOut(
  deps: Deps,
  command: { actor: Actor; sessionId: string; everywhere: boolean },
): Promise<void> {
  const { actor, sessionId, everywhere } = command
  await deps.unitOfWork(actor.tenantId, async (tx) => {
    const open = everywhere ? (await tx.sessions.listOpen(actor.id)).map(({ id }) => id) : [sessionId]
    await tx.sessions.end(open, deps.clock.now(), 'signed_out')
    await tx.audit.append(
      auditEntry(deps, actor, {
        action: 'member.signed_out',
        subjectType: 'member',
        subjectId: actor.id,
        details: { session_id: sessionId, everywhere },
      }),
    )
  })
}

/** Ends one of the member's own sessions, wherever it is. @throws SessionNotFound */
export async function endSession(deps: Deps, command: { actor: Actor; sessionId: string }): Promise<void> {
  const { actor, sessionId } = command
  await deps.unitOfWork(actor.tenantId, async (tx) => {
    const now = deps.clock.now()
    const session = await tx.sessions.lock(sessionId)
    if (!session || session.memberId !== actor.id || !isLiving(session, now)) throw new SessionNotFound()
    await tx.sessions.end([sessionId], now, 'ended_by_member')
    await tx.audit.append(
      auditEntry(deps, actor, {
        action: 'member.session_ended',
        subjectType: 'member',
        subjectId: actor.id,
        details: { session_id: sessionId, reason: 'ended_by_member' },
      }),
    )
  })
}
