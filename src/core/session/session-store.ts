import type { EndReason, Session } from './session.ts'

/** A credential's hash and whose it is, known before a tenant is. */
export interface FoundSignIn {
  tenantId: string
  memberId: string
  passwordHash: string
  tenantStatus: 'active' | 'suspended'
}

/** Port: the one present member with a password and this address, in lower case. Null: none, or several and no tenant named. */
export type FindSignIn = (email: string, tenantId: string | null) => Promise<FoundSignIn | null>
/** Port: whose refresh token this is, used or not. */
export type FindRefreshToken = (
  hash: Uint8Array,
) => Promise<{ tenantId: string; sessionId: string; generation: number } | null>
/** Port: whom an invitation is for. */
export type FindInvitation = (hash: Uint8Array) => Promise<{ tenantId: string; memberId: string } | null>

/** Port: passwords, invitations and sessions of the tenant's members. */
export interface SessionStore {
  /** The member's password hash, locked until the unit of work ends, so that sign-ins and password changes follow each other. */
  lockPassword(memberId: string): Promise<string | null>
  setPassword(memberId: string, hash: string, at: Date): Promise<void>
  /** Takes the place of an earlier invitation of the member. */
  invite(memberId: string, hash: Uint8Array, at: Date, expiresAt: Date): Promise<void>
  /** Uses the invitation up. Null: it was used or replaced meanwhile. @returns when it ends. */
  takeInvitation(hash: Uint8Array): Promise<Date | null>
  insert(session: Session): Promise<void>
  insertToken(sessionId: string, generation: number, hash: Uint8Array): Promise<void>
  /** The session, locked until the unit of work ends. */
  lock(id: string): Promise<Session | null>
  rotate(session: Session): Promise<void>
  /** The member's sessions that have not ended, newest first. Expired ones may be among them. */
  listOpen(memberId: string): Promise<Session[]>
  /** Ends what has not ended. */
  end(ids: readonly string[], at: Date, reason: EndReason): Promise<void>
}
