import type { AuditEntry, AuditSubject } from '#core/tenant/audit-entry.ts'
import type { AuditStore } from '#core/tenant/audit-store.ts'
import type { PrismaTx } from './database.ts'
import type { AuditLog } from './generated/client.ts'
import { toJson } from './json.ts'
import { pageOf, pageQuery } from './page.ts'
import { ID_SLACK_MS, idAt } from './transaction-list.ts'

export function createAuditStore(tx: PrismaTx, tenantId: string): AuditStore {
  return {
    async append(entry) {
      await tx.auditLog.create({ data: { ...entry, tenantId, details: toJson(entry.details) } })
    },

    async list(page, { since, until, ...exact }) {
      const query = pageQuery(page)
      const createdAt = { ...(since && { gte: since }), ...(until && { lt: until }) }
      // Ids rise with time, and the list is in their order: so it begins where its time begins.
      const bounds = [
        ...(since ? [{ id: { gte: idAt(since, -ID_SLACK_MS) } }] : []),
        ...(until ? [{ id: { lt: idAt(until, ID_SLACK_MS) } }] : []),
      ]
      const rows = await tx.auditLog.findMany({
        ...query,
        where: { AND: [query.where, ...bounds], tenantId, ...exact, createdAt },
      })
      return pageOf(rows, page, toEntry)
    },
  }
}

function toEntry(row: AuditLog): AuditEntry {
  const { id, actorId, action, subjectId, ip, requestId, createdAt } = row
  // Written by this store only, from values of these types.
  const actorType = row.actorType as AuditEntry['actorType']
  const subjectType = row.subjectType as AuditSubject
  const details = row.details as AuditEntry['details']
  return { id, actorType, actorId, action, subjectType, subjectId, details, ip, requestId, createdAt }
}
