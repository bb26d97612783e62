import type pg from 'pg'
import { RELAY_CONSUMER } from '#core/outbox/relay-outbox.ts'
import type { UnfinishedWork, WorkFinder } from '#core/outbox/work-finder.ts'
import type { Database } from './database.ts'
import { hasQueued } from './transaction-queue.ts'

/** Names the sweep among the database's advisory locks: the bytes of "ost-swep" as a number. */
const SWEEP_LOCK = '8030890299091281264'
/** Rows of one kind per sweep; the next sweep, a second later, finds the rest. */
const FOUND_MAX = 1_000
/** Milliseconds. A submission younger than this is on its way. One from the future was signed by a clock that runs ahead. */
const UNMINED_AFTER_MS = 3_000

const LANES_TO_SUBMIT = `
SELECT lane.id FROM lane JOIN chain ON chain.id = lane.chain_id
WHERE lane.status = 'active' AND chain.status = 'active'
  AND (EXISTS (SELECT FROM chain_submission s WHERE s.lane_id = lane.id AND s.status = 'queued')
    OR EXISTS (SELECT FROM economy e
               WHERE e.lane_id = lane.id AND ${hasQueued('e.id')}))
LIMIT ${FOUND_MAX}`

/** Paused lanes too: what they signed must still land, and this is how they find out that they may sign again. */
const LANES_TO_REBROADCAST = `
SELECT lane.id FROM lane JOIN chain ON chain.id = lane.chain_id
WHERE chain.status = 'active'
  AND ((lane.status = 'paused' AND lane.pause_reason IS DISTINCT FROM 'operator')
    OR EXISTS (SELECT FROM chain_submission s
               WHERE s.lane_id = lane.id AND s.status IN ('signed', 'broadcast')
                 AND abs(extract(epoch FROM now() - s.signed_at)) * 1000 > ${UNMINED_AFTER_MS}))
LIMIT ${FOUND_MAX}`

const WEBHOOKS_TO_DELIVER = `
SELECT e.id FROM webhook_endpoint e
WHERE e.status = 'enabled' AND e.deleted_at IS NULL
  AND (e.lease_until IS NULL OR e.lease_until < now()) AND (e.retry_at IS NULL OR e.retry_at <= now())
  AND EXISTS (SELECT FROM webhook_delivery d WHERE d.endpoint_id = e.id AND d.status = 'pending' AND d.next_attempt_at <= now())
LIMIT ${FOUND_MAX}`

/** One that has all but its first mint waits for its business to stake. */
const ECONOMIES_TO_DEPLOY = `
SELECT id FROM economy e
WHERE e.status = 'deploying'
  AND (EXISTS (SELECT FROM economy_step s WHERE s.economy_id = e.id AND s.status <> 'done' AND s.name <> 'mint_first_stake')
    OR NOT EXISTS (SELECT FROM economy_step s WHERE s.economy_id = e.id AND s.status <> 'done')
    OR EXISTS (SELECT FROM gateway_message m WHERE m.economy_id = e.id AND m.status IN ('progressed', 'completed')))
ORDER BY id LIMIT ${FOUND_MAX}`

const MESSAGES_DUE = `
SELECT id FROM gateway_message WHERE ended_at IS NULL AND look_at <= now() ORDER BY look_at LIMIT ${FOUND_MAX}`

/** Seconds after which an anchor, or a backing, is looked at though nobody asked. */
const LOOK_AGAIN_SECONDS = 30

const ANCHORS_DUE = `
SELECT c.id FROM chain c LEFT JOIN anchoring a ON a.chain_id = c.id
WHERE c.status = 'active' AND c.contracts ? 'anchor'
  AND (a.looked_at IS NULL OR a.looked_at < now() - interval '${LOOK_AGAIN_SECONDS} seconds'
    OR EXISTS (SELECT FROM gateway_message m WHERE m.root_chain_id = c.id AND m.ended_at IS NULL
                 AND m.root_height > coalesce(a.height, 0)))
LIMIT ${FOUND_MAX}`

const BACKINGS_DUE = `
SELECT b.economy_id AS id FROM backing b JOIN economy e ON e.id = b.economy_id
WHERE e.status IN ('active', 'paused', 'deploying')
  AND (b.seen_at IS NULL OR b.seen_at < now() - interval '${LOOK_AGAIN_SECONDS} seconds')
ORDER BY b.seen_at NULLS FIRST LIMIT ${FOUND_MAX}`

/** The first record behind the cursor, by the index: asked with EXISTS, the log is read from its beginning. */
const OUTBOX_BEHIND = `
SELECT (
  SELECT e.last_id FROM outbox_record e
  WHERE (e.xid, e.last_id) > (
    coalesce((SELECT c.xid FROM outbox_cursor c WHERE c.consumer = $1), 0),
    coalesce((SELECT c.event_id FROM outbox_cursor c WHERE c.consumer = $1), '00000000-0000-0000-0000-000000000000'))
  ORDER BY e.xid, e.last_id LIMIT 1
) IS NOT NULL AS behind`

/** Finds unfinished work with the worker's role. One process at a time does it, by an advisory lock. */
export function createWorkFinder(database: Pick<Database, 'pool' | 'raw'>): WorkFinder {
  return {
    findUnfinished: async () => database.raw([], findUnfinished),

    async findUnreconciled(before, limit) {
      const { rows } = await database.pool.query<{ id: string }>({
        name: 'find_unreconciled',
        text: `SELECT e.id FROM economy e
               LEFT JOIN LATERAL (SELECT max(r.created_at) AS at FROM reconciliation r WHERE r.economy_id = e.id) last ON true
               WHERE e.status IN ('active', 'paused') AND coalesce(last.at, e.created_at) < $1
               ORDER BY last.at NULLS FIRST LIMIT $2`,
        values: [before, limit],
      })
      return rows.map((row) => row.id)
    },
  }
}

async function findUnfinished(client: pg.PoolClient): Promise<UnfinishedWork | null> {
  // Held until this database transaction ends. The jobs are handed over after that: by then the answer may have been given
  // twice, which is harmless; a lock over a call to Redis would not be.
  const lock = await client.query<{ mine: boolean }>(
    `SELECT pg_try_advisory_xact_lock(${SWEEP_LOCK}) AS mine`,
  )
  if (!lock.rows[0]?.mine) return null
  const idsOf = async (text: string): Promise<string[]> => {
    const { rows } = await client.query<{ id: string }>(text)
    return rows.map((row) => row.id)
  }
  const behind = await client.query<{ behind: boolean }>(OUTBOX_BEHIND, [RELAY_CONSUMER])
  return {
    economyIds: await idsOf(ECONOMIES_TO_DEPLOY),
    lanesToSubmit: await idsOf(LANES_TO_SUBMIT),
    lanesToRebroadcast: await idsOf(LANES_TO_REBROADCAST),
    chainIds: await idsOf(
      `SELECT id FROM chain WHERE status = 'active' AND contracts <> '{}' LIMIT ${FOUND_MAX}`,
    ),
    airdropIds: await idsOf(
      `SELECT id FROM airdrop WHERE status IN ('queued', 'running') ORDER BY id LIMIT ${FOUND_MAX}`,
    ),
    webhookIds: await idsOf(WEBHOOKS_TO_DELIVER),
    replayIds: await idsOf(
      `SELECT id FROM webhook_replay WHERE status = 'running' ORDER BY id LIMIT ${FOUND_MAX}`,
    ),
    messageIds: await idsOf(MESSAGES_DUE),
    anchorChainIds: await idsOf(ANCHORS_DUE),
    backedEconomyIds: await idsOf(BACKINGS_DUE),
    isOutboxBehind: behind.rows[0]?.behind ?? false,
  }
}
