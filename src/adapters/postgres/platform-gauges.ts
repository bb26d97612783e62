import { RELAY_CONSUMER } from '#core/outbox/relay-outbox.ts'
import type { Database } from './database.ts'

/** What operators watch, as Postgres knows it. Ages in seconds. */
export interface PlatformGauges {
  oldestQueuedSeconds: number
  outboxLagSeconds: number
  oldestDeployingSeconds: number
  /** Economies whose last comparison with the chain found a difference. */
  driftingEconomies: number
  /** Since the active economy that was not compared for longest was. */
  oldestReconciliationSeconds: number
  /** Signed and in no block yet. */
  lanes: {
    id: string
    chainId: string
    address: string
    isActive: boolean
    pauseReason: string | null
    balanceWei: number
    inFlight: number
    oldestOpenSeconds: number
  }[]
  chains: {
    id: string
    isActive: boolean
    blocksBehind: number
    secondsSinceRead: number
    headAgeSeconds: number
  }[]
  webhooks: {
    /** Of receivers that take what they are sent: how late we are. */
    oldestDueSeconds: number
    /** Enabled, and their last try failed. */
    failing: number
    /** By us, not by their owner. */
    disabled: number
  }
}

const OLDEST_QUEUED = `
SELECT coalesce(extract(epoch FROM now() - min(q.created_at)), 0)::float8 AS seconds
FROM economy e
CROSS JOIN LATERAL (SELECT o.transaction_id FROM queued_transaction o WHERE o.economy_id = e.id
                    ORDER BY o.transaction_id LIMIT 1) o
JOIN transaction q ON q.economy_id = e.id AND q.id = o.transaction_id`

const OUTBOX_LAG = `
SELECT coalesce((
  SELECT extract(epoch FROM now() - e.created_at) FROM outbox_record e
  WHERE (e.xid, e.last_id) > (
    coalesce((SELECT c.xid FROM outbox_cursor c WHERE c.consumer = $1), 0),
    coalesce((SELECT c.event_id FROM outbox_cursor c WHERE c.consumer = $1), '00000000-0000-0000-0000-000000000000'))
  ORDER BY e.xid, e.last_id LIMIT 1), 0)::float8 AS seconds`

/** $1: economies at most, so that a scrape stays cheap; the counter of reconciliations knows of all. */
const ECONOMIES = `
SELECT coalesce(extract(epoch FROM now() - min(e.created_at) FILTER (WHERE e.status = 'deploying')), 0)::float8 AS "deploying",
       count(*) FILTER (WHERE e.status IN ('active', 'paused') AND last.status <> 'equal')::int AS "drifting",
       coalesce(extract(epoch FROM now() - min(coalesce(last.created_at, e.created_at)) FILTER (WHERE e.status = 'active')), 0)::float8 AS "reconciled"
FROM (SELECT id, status, created_at FROM economy WHERE status IN ('deploying', 'active', 'paused') ORDER BY id LIMIT $1) e
LEFT JOIN LATERAL (SELECT r.status, r.created_at FROM reconciliation r WHERE r.economy_id = e.id ORDER BY r.created_at DESC LIMIT 1) last ON true`
const ECONOMIES_MAX = 10_000

const LANES = `
SELECT lane.id, lane.chain_id::text AS "chainId", lane.address, lane.status = 'active' AS "isActive",
       lane.pause_reason AS "pauseReason", coalesce(lane.balance_wei, 0)::float8 AS "balanceWei",
       open.count::int AS "inFlight", coalesce(extract(epoch FROM now() - open.oldest), 0)::float8 AS "oldestOpenSeconds"
FROM lane
CROSS JOIN LATERAL (SELECT count(*) AS count, min(s.signed_at) AS oldest FROM chain_submission s
                    WHERE s.lane_id = lane.id AND s.status IN ('signed', 'broadcast')) open
ORDER BY lane.id LIMIT 1000`

const CHAINS = `
SELECT chain.id::text AS id, chain.status = 'active' AS "isActive",
       greatest(coalesce(k.head_number - k.block_number, 0), 0)::int AS "blocksBehind",
       coalesce(extract(epoch FROM now() - k.updated_at), 0)::float8 AS "secondsSinceRead",
       coalesce(extract(epoch FROM now() - b.mined_at), 0)::float8 AS "headAgeSeconds"
FROM chain LEFT JOIN chain_cursor k ON k.chain_id = chain.id
LEFT JOIN chain_block b ON b.chain_id = k.chain_id AND b.number = k.block_number AND b.hash = k.block_hash
WHERE chain.role = 'utility' ORDER BY chain.id LIMIT 100`

const WEBHOOKS = `
SELECT coalesce(extract(epoch FROM now() - min(due.at) FILTER (WHERE e.failures = 0 AND due.at <= now())), 0)::float8 AS "oldestDueSeconds",
       count(*) FILTER (WHERE e.status = 'enabled' AND e.failures > 0)::int AS failing,
       count(*) FILTER (WHERE e.disabled_reason IN ('gone', 'failing'))::int AS disabled
FROM webhook_endpoint e
LEFT JOIN LATERAL (
  SELECT d.next_attempt_at AS at FROM webhook_delivery d
  WHERE d.endpoint_id = e.id AND d.status = 'pending' AND e.status = 'enabled'
  ORDER BY d.next_attempt_at, d.position LIMIT 1) due ON true
WHERE e.deleted_at IS NULL`

/** Reads the gauges with the worker's role: a few indexed statements, for every scrape. */
export async function readPlatformGauges({ pool }: Pick<Database, 'pool'>): Promise<PlatformGauges> {
  const [queued, outbox, economies, lanes, chains, webhooks] = [
    await pool.query<{ seconds: number }>(OLDEST_QUEUED),
    await pool.query<{ seconds: number }>(OUTBOX_LAG, [RELAY_CONSUMER]),
    await pool.query<{ deploying: number; drifting: number; reconciled: number }>(ECONOMIES, [ECONOMIES_MAX]),
    await pool.query<PlatformGauges['lanes'][number]>(LANES),
    await pool.query<PlatformGauges['chains'][number]>(CHAINS),
    await pool.query<PlatformGauges['webhooks']>(WEBHOOKS),
  ]
  return {
    oldestQueuedSeconds: queued.rows[0]?.seconds ?? 0,
    outboxLagSeconds: outbox.rows[0]?.seconds ?? 0,
    oldestDeployingSeconds: economies.rows[0]?.deploying ?? 0,
    driftingEconomies: economies.rows[0]?.drifting ?? 0,
    oldestReconciliationSeconds: economies.rows[0]?.reconciled ?? 0,
    lanes: lanes.rows,
    chains: chains.rows,
    webhooks: webhooks.rows[0] ?? { oldestDueSeconds: 0, failing: 0, disabled: 0 },
  }
}
