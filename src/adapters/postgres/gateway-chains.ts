import type { Database } from './database.ts'

/** Joins the lane that carries messages to the chain `c`, as `lane`; one that works before one that is paused. */
export const FACILITATOR_LANE = `LEFT JOIN LATERAL (
  SELECT l.id, l.address FROM lane l WHERE l.chain_id = c.id AND l.purpose = 'facilitator'
  ORDER BY (l.status = 'active') DESC, l.id LIMIT 1) lane ON true`

/** Joins the newest block of the chain `chainId` that is final for us, as `name`, with its number and hash. */
export const finalBlock = (name: string, chainId: string): string => `LEFT JOIN LATERAL (
  SELECT c.final_number, k.hash FROM chain_cursor c
  JOIN chain_block k ON k.chain_id = c.chain_id AND k.number = c.final_number AND k.status = 'canonical'
  WHERE c.chain_id = ${chainId}) ${name} ON true`

/** Value chains that have a gateway: they are followed as the utility chains are. */
export async function readGatewayChains(database: Pick<Database, 'pool'>): Promise<Set<number>> {
  const { rows } = await database.pool.query<{ id: string }>(
    `SELECT id::text FROM chain WHERE role = 'value' AND contracts ? 'gateway'`,
  )
  return new Set(rows.map(({ id }) => Number(id)))
}
