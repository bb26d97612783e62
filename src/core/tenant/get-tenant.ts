import type { UnitOfWork } from '../unit-of-work.ts'
import { TenantNotFound } from './errors.ts'
import type { Tenant } from './tenant.ts'

/** The caller's own tenant. @throws TenantNotFound */
export async function getTenant(deps: { unitOfWork: UnitOfWork }, tenantId: string): Promise<Tenant> {
  const tenant = await deps.unitOfWork(tenantId, (tx) => tx.tenants.get())
  if (!tenant) throw new TenantNotFound()
  return tenant
}
