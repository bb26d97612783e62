import type { Tenant } from '#core/tenant/tenant.ts'
import { toWire } from './wire-id.ts'

export function presentTenant(tenant: Tenant) {
  return {
    object: 'tenant' as const,
    id: toWire('ten', tenant.id),
    name: tenant.name,
    status: tenant.status,
    created_at: tenant.createdAt.toISOString(),
  }
}
