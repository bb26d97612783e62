import type {
  FindInvitation,
  FindRefreshToken,
  FindSignIn,
  FoundSignIn,
  SessionStore,
} from '#core/session/session-store.ts'
import type { FindSession } from '#core/session/authenticate-session.ts'
import type { EndReason, Session } from '#core/session/session.ts'
import type { MemberRole } from '#core/tenant/member.ts'
import type { Database, PrismaTx } from './database.ts'
import type { MemberSession as SessionRow } from './generated/client.ts'

type Reader = Pick<Database, 'readForNobody'>

export function createSessionStore(tx: PrismaTx, tenantId: string): SessionStore {
  return {
    async lockPassword(memberId) {
      const [row] = await tx.$queryRaw<{ password_hash: string }[]>`
        SELECT password_hash FROM member_credential
        WHERE tenant_id = ${tenantId}::uuid AND member_id = ${memberId}::uuid FOR UPDATE`
      return row?.password_hash ?? null
    },

    async setPassword(memberId, passwordHash, changedAt) {
      await tx.memberCredential.upsert({
        where: { memberId, tenantId },
        create: { memberId, tenantId, passwordHash, changedAt },
        update: { passwordHash, changedAt },
      })
    },

    async invite(memberId, hash, createdAt, expiresAt) {
      const invitation = { tokenHash: Uint8Array.from(hash), createdAt, expiresAt }
      await tx.memberInvitation.upsert({
        where: { memberId, tenantId },
        create: { memberId, tenantId, ...invitation },
        update: invitation,
      })
    },

    async takeInvitation(hash) {
      const [row] = await tx.$queryRaw<{ expires_at: Date }[]>`
        DELETE FROM member_invitation WHERE tenant_id = ${tenantId}::uuid AND token_hash = ${Uint8Array.from(hash)}
        RETURNING expires_at`
      return row?.expires_at ?? null
    },

    async insert(session) {
      await tx.memberSession.create({ data: { ...session, tenantId } })
    },

    async insertToken(sessionId, generation, hash) {
      await tx.refreshToken.create({
        data: { sessionId, generation, tenantId, tokenHash: Uint8Array.from(hash) },
      })
    },

    async lock(id) {
      await tx.$queryRaw`SELECT FROM member_session WHERE tenant_id = ${tenantId}::uuid AND id = ${id}::uuid FOR UPDATE`
      const row = await tx.memberSession.findFirst({ where: { tenantId, id } })
      return row && toSession(row)
    },

    async rotate({ id, generation, parentGeneration, rotatedAt }) {
      await tx.memberSession.updateMany({
        where: { tenantId, id },
        data: { generation, parentGeneration, rotatedAt },
      })
    },

    async listOpen(memberId) {
      const rows = await tx.memberSession.findMany({
        where: { tenantId, memberId, endedAt: null },
        orderBy: { id: 'desc' },
      })
      return rows.map(toSession)
    },

    async end(ids, endedAt, endReason) {
      await tx.memberSession.updateMany({
        where: { tenantId, id: { in: [...ids] }, endedAt: null },
        data: { endedAt, endReason },
      })
    },
  }
}

function toSession({ tenantId: _tenantId, ...row }: SessionRow): Session {
  // A CHECK keeps the column to these values.
  return { ...row, endReason: row.endReason as EndReason | null }
}

/** The questions that are asked before a tenant is known. */
export function createFindSignIn(database: Reader): FindSignIn {
  return async (email, tenantId) => {
    const rows = await database.readForNobody<{
      tenant_id: string
      member_id: string
      password_hash: string
      tenant_status: FoundSignIn['tenantStatus']
    }>('find_sign_in', 'SELECT * FROM find_sign_in($1, $2)', [email, tenantId])
    const [row] = rows
    if (!row || rows.length > 1) return null
    const { tenant_id, member_id, password_hash, tenant_status } = row
    return {
      tenantId: tenant_id,
      memberId: member_id,
      passwordHash: password_hash,
      tenantStatus: tenant_status,
    }
  }
}

export function createFindRefreshToken(database: Reader): FindRefreshToken {
  return async (hash) => {
    const [row] = await database.readForNobody<{ tenant_id: string; session_id: string; generation: number }>(
      'find_refresh_token',
      'SELECT * FROM find_refresh_token($1)',
      [hash],
    )
    return row ? { tenantId: row.tenant_id, sessionId: row.session_id, generation: row.generation } : null
  }
}

export function createFindInvitation(database: Reader): FindInvitation {
  return async (hash) => {
    const [row] = await database.readForNobody<{ tenant_id: string; member_id: string }>(
      'find_invitation',
      'SELECT * FROM find_invitation($1)',
      [hash],
    )
    return row ? { tenantId: row.tenant_id, memberId: row.member_id } : null
  }
}

export function createFindSession(
  database: Reader,
): (id: string) => Promise<Awaited<ReturnType<FindSession>>> {
  return async (id) => {
    const [row] = await database.readForNobody<{
      tenant_id: string
      member_id: string
      role: MemberRole
      expires_at: Date
      ended_at: Date | null
      removed_at: Date | null
      tenant_status: 'active' | 'suspended'
    }>('authenticate_session', 'SELECT * FROM authenticate_session($1)', [id])
    if (!row) return null
    return {
      tenantId: row.tenant_id,
      memberId: row.member_id,
      role: row.role,
      expiresAt: row.expires_at,
      endedAt: row.ended_at,
      removedAt: row.removed_at,
      tenantStatus: row.tenant_status,
    }
  }
}
