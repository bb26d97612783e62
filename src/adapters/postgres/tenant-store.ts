import type { Tenant } from '#core/tenant/tenant.ts'
import type { TenantStore } from '#core/tenant/tenant-store.ts'
import type { PrismaTx } from './database.ts'

export function createTenantStore(tx: PrismaTx, tenantId: string): TenantStore {
  return {
    async insert(tenant) {
      await tx.tenant.create({ data: tenant })
    },

    async get() {
      const row = await tx.tenant.findUnique({ where: { id: tenantId } })
      // A CHECK keeps the column to these values.
      return row && { ...row, status: row.status as Tenant['status'] }
    },
  }
}
