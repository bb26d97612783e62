import { msApart } from '../shared/clock.ts'
import { GENERATIONS_MAX, isLiving, REFRESH_GRACE_MS, type Session } from './session.ts'

export type RefreshJudgement =
  /** `session` as it is from now on: its new generation is the new token's. */
  | { kind: 'rotate'; session: Session }
  /** An old token came back: somebody else has it too. */
  | { kind: 'reused' }
  /** Too many refreshes. */
  | { kind: 'exhausted' }
  | { kind: 'over' }

/**
 * Decides what a refresh token of this generation is worth now. At most one token of a session lives at any time: the one of the
 * session's generation. The one it was given for may come once more within the grace, as long as what it was exchanged for has not been
 * used; what it was exchanged for is then dead, and whoever shows that ends the session. So two holders of one token never both go on.
 */
export function judgeRefresh(session: Session, generation: number, now: Date): RefreshJudgement {
  if (!isLiving(session, now)) return { kind: 'over' }
  const isCurrent = generation === session.generation
  if (!isCurrent && !isWithinGrace(session, generation, now)) return { kind: 'reused' }
  if (session.generation >= GENERATIONS_MAX) return { kind: 'exhausted' }
  return {
    kind: 'rotate',
    session: {
      ...session,
      generation: session.generation + 1,
      parentGeneration: generation,
      // The grace counts from the first use, so that it cannot be drawn out.
      rotatedAt: isCurrent ? now : session.rotatedAt,
    },
  }
}

function isWithinGrace(session: Session, generation: number, now: Date): boolean {
  return generation === session.parentGeneration && msApart(now, session.rotatedAt) <= REFRESH_GRACE_MS
}
