import type { ListFedEconomies } from '#core/rule/record-feed-price.ts'
import type { Database } from './database.ts'

/** Economies that one round of a feed serves at most. */
const FED_ECONOMIES_MAX = 10_000

/** For the worker's role, which sees all tenants. */
export function createListFedEconomies(database: Pick<Database, 'raw'>): ListFedEconomies {
  return () =>
    database.raw([], async (client) => {
      const { rows } = await client.query<{ id: string; tenant_id: string }>(
        `SELECT id, tenant_id FROM economy WHERE status = 'active' ORDER BY id LIMIT $1`,
        [FED_ECONOMIES_MAX],
      )
      return rows.map((row) => ({ tenantId: row.tenant_id, economyId: row.id }))
    })
}
