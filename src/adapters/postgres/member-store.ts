import { MemberExists } from '#core/tenant/errors.ts'
import type { Member, MemberRole } from '#core/tenant/member.ts'
import type { MemberStore } from '#core/tenant/member-store.ts'
import type { PrismaTx } from './database.ts'
import type { Member as MemberRow } from './generated/client.ts'
import { pageOf, pageQuery } from './page.ts'

/** A removed member's row stays for the audit log's sake; its address is freed by this ending. */
const REMOVED_SUFFIX = '#removed-'

export function createMemberStore(tx: PrismaTx, tenantId: string): MemberStore {
  const present = { tenantId, removedAt: null }
  return {
    async insert(member) {
      const email = member.email.toLowerCase()
      const { count } = await tx.member.createMany({
        data: [{ ...member, email, tenantId }],
        skipDuplicates: true,
      })
      if (count === 0) throw new MemberExists()
    },

    async find(id) {
      const row = await tx.member.findFirst({ where: { ...present, id } })
      return row && toMember(row)
    },

    async list(page) {
      const query = pageQuery(page)
      const rows = await tx.member.findMany({ ...query, where: { ...query.where, ...present } })
      return pageOf(rows, page, toMember)
    },

    async setRole(id, role) {
      await tx.member.updateMany({ where: { ...present, id }, data: { role } })
    },

    async remove(id, at) {
      await tx.$executeRaw`
        UPDATE member SET removed_at = ${at}, email = email || ${REMOVED_SUFFIX + id}
        WHERE tenant_id = ${tenantId}::uuid AND id = ${id}::uuid AND removed_at IS NULL`
    },

    async lockOwners() {
      const owners = await tx.$queryRaw<unknown[]>`
        SELECT id FROM member WHERE tenant_id = ${tenantId}::uuid AND role = 'owner' AND removed_at IS NULL
        ORDER BY id FOR UPDATE`
      return owners.length
    },
  }
}

function toMember(row: MemberRow): Member {
  const { id, email, name, createdAt } = row
  // A CHECK keeps the column to these values.
  return { id, email, name, role: row.role as MemberRole, createdAt }
}
