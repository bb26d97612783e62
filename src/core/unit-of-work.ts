import type { Stores } from './stores.ts'

/**
 * Runs `work` in one database transaction that sees only the tenant's rows. A throw rolls everything back.
 * No network call may happen inside.
 */
export type UnitOfWork = <Result>(tenantId: string, work: (tx: Stores) => Promise<Result>) => Promise<Result>
