import type { Invitation } from '#core/session/invite-member.ts'
import {
  ACCESS_TOKEN_SECONDS,
  type AccessGrant,
  refreshableUntil,
  type Session,
} from '#core/session/session.ts'
import { toWire } from './wire-id.ts'

export function presentAccessGrant({ accessToken, refreshToken, session, memberId, role }: AccessGrant) {
  return {
    object: 'access_grant' as const,
    access_token: accessToken,
    token_type: 'Bearer' as const,
    expires_in: ACCESS_TOKEN_SECONDS,
    refresh_token: refreshToken,
    refresh_expires_at: refreshableUntil(session).toISOString(),
    session_id: toWire('ses', session.id),
    member_id: toWire('mem', memberId),
    role,
  }
}

export function presentSession(session: Session, currentId: string) {
  return {
    object: 'session' as const,
    id: toWire('ses', session.id),
    is_current: session.id === currentId,
    ip: session.ip,
    user_agent: session.userAgent,
    created_at: session.createdAt.toISOString(),
    refreshed_at: session.rotatedAt.toISOString(),
    expires_at: refreshableUntil(session).toISOString(),
  }
}

export function presentInvitation({ memberId, token, expiresAt }: Invitation) {
  return {
    object: 'invitation' as const,
    member_id: toWire('mem', memberId),
    token,
    expires_at: expiresAt.toISOString(),
  }
}
