import type { Tenant } from './tenant.ts'

/** Port: the tenant that the unit of work acts for. */
export interface TenantStore {
  insert(tenant: Tenant): Promise<void>
  get(): Promise<Tenant | null>
}
