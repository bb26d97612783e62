import type { MemberRole } from '../tenant/member.ts'

/** From a sign-in to its end. Its refresh tokens are one family: each is given for the one before it. */
export interface Session {
  id: string
  memberId: string
  /** Of the one refresh token that lives. */
  generation: number
  /** Of the token that it was given for; 0: it was given for the password. */
  parentGeneration: number
  /** When the parent was first used. */
  rotatedAt: Date
  createdAt: Date
  expiresAt: Date
  endedAt: Date | null
  endReason: EndReason | null
  ip: string | null
  userAgent: string | null
}

export type EndReason =
  | 'signed_out'
  | 'ended_by_member'
  | 'token_reused'
  | 'password_changed'
  | 'crowded_out'
  | 'exhausted'

/** What a person gets for a password or a refresh token. The tokens are here and nowhere else. */
export interface AccessGrant {
  accessToken: string
  refreshToken: string
  session: Session
  memberId: string
  role: MemberRole
}

/** Seconds. An access token that fell into wrong hands works so long at most, and not after its session ended. */
export const ACCESS_TOKEN_SECONDS = 600

const DAY_MS = 24 * 3_600 * 1_000
/** Milliseconds from the password to the next time it is asked for. */
export const SESSION_MS = 30 * DAY_MS
/** Milliseconds without a refresh after which a session is over. */
export const SESSION_IDLE_MS = 7 * DAY_MS
/**
 * Milliseconds in which a refresh token works again, when the answer to its first use was lost. What was given for the first use is
 * dead from then on.
 */
export const REFRESH_GRACE_MS = 10_000
/** Refresh tokens of one session; a client that uses up more is broken, and signs in again. */
export const GENERATIONS_MAX = 10_000
/** Living sessions of one member; the oldest makes room. */
export const SESSIONS_MAX = 20
/** Characters that are kept of what a client calls itself. */
export const USER_AGENT_MAX = 200

/** When the session's refresh token stops to work, if it is not used before. */
export function refreshableUntil(session: Pick<Session, 'rotatedAt' | 'expiresAt'>): Date {
  return new Date(Math.min(session.rotatedAt.getTime() + SESSION_IDLE_MS, session.expiresAt.getTime()))
}

export function isLiving(session: Pick<Session, 'rotatedAt' | 'expiresAt' | 'endedAt'>, now: Date): boolean {
  return session.endedAt === null && now < refreshableUntil(session)
}
