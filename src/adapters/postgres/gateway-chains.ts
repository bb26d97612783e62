import type { Database } from './database.ts'

/** Value chains that have a gateway: they are followed as the utility chains are. */
export async function readGatewayChains(database: Pick<Database, 'pool'>): Promise<Set<number>> {
  const { rows } = await database.pool.query<{ id: string }>(
    `SELECT id::text FROM chain WHERE role = 'value' AND contracts ? 'gateway'`,
  )
  return new Set(rows.map(({ id }) => Number(id)))
}
