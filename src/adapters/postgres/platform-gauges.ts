import { RELAY_CONSUMER } from '#core/outbox/relay-outbox.ts'
import type { Database } from './database.ts'

/** What operators watch, as Postgres knows it. Ages in seconds. */
export interface PlatformGauges {
  oldestQueuedSeconds: number
  outboxLagSeconds: number
  /** Signed and in no block yet. */
  lanes: {
    id: string
    chainId: string
    address: string
    isActive: boolean
    balanceWei: number
    inFlight: number
  }[]
  chains: { id: string; isActive: boolean; blocksBehind: number; secondsSinceRead: number }[]
}

const OLDEST_QUEUED = `
SELECT coalesce(extract(epoch FROM now() - min(q.created_at)), 0)::float8 AS seconds
FROM economy e
CROSS JOIN LATERAL (SELECT t.created_at FROM transaction t WHERE t.economy_id = e.id AND t.status = 'queued' ORDER BY t.id LIMIT 1) q`

const OUTBOX_LAG = `
SELECT coalesce((
  SELECT extract(epoch FROM now() - e.created_at) FROM outbox_event e
  WHERE (e.xid, e.id) > (
    coalesce((SELECT c.xid FROM outbox_cursor c WHERE c.consumer = $1), 0),
    coalesce((SELECT c.event_id FROM outbox_cursor c WHERE c.consumer = $1), '00000000-0000-0000-0000-000000000000'))
  ORDER BY e.xid, e.id LIMIT 1), 0)::float8 AS seconds`

const LANES = `
SELECT lane.id, lane.chain_id::text AS "chainId", lane.address, lane.status = 'active' AS "isActive",
       coalesce(lane.balance_wei, 0)::float8 AS "balanceWei",
       (SELECT count(*)::int FROM chain_submission s WHERE s.lane_id = lane.id AND s.status IN ('signed', 'broadcast')) AS "inFlight"
FROM lane ORDER BY lane.id LIMIT 1000`

const CHAINS = `
SELECT chain.id::text AS id, chain.status = 'active' AS "isActive",
       greatest(coalesce(k.head_number - k.block_number, 0), 0)::int AS "blocksBehind",
       coalesce(extract(epoch FROM now() - k.updated_at), 0)::float8 AS "secondsSinceRead"
FROM chain LEFT JOIN chain_cursor k ON k.chain_id = chain.id WHERE chain.role = 'utility' ORDER BY chain.id LIMIT 100`

/** Reads the gauges with the worker's role: a few indexed statements, for every scrape. */
export async function readPlatformGauges({ pool }: Pick<Database, 'pool'>): Promise<PlatformGauges> {
  const [queued, outbox, lanes, chains] = [
    await pool.query<{ seconds: number }>(OLDEST_QUEUED),
    await pool.query<{ seconds: number }>(OUTBOX_LAG, [RELAY_CONSUMER]),
    await pool.query<PlatformGauges['lanes'][number]>(LANES),
    await pool.query<PlatformGauges['chains'][number]>(CHAINS),
  ]
  return {
    oldestQueuedSeconds: queued.rows[0]?.seconds ?? 0,
    outboxLagSeconds: outbox.rows[0]?.seconds ?? 0,
    lanes: lanes.rows,
    chains: chains.rows,
  }
}
