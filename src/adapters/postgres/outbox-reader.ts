import type { OutboxPosition } from '#core/outbox/outbox-event.ts'
import type { OutboxReader } from '#core/outbox/outbox-reader.ts'
import type { Database } from './database.ts'
import { hasQueued } from './transaction-queue.ts'

const BEGINNING: OutboxPosition = { xid: 0n, id: '00000000-0000-0000-0000-000000000000' }

/** Topics of which a reader learns no ids. */
const PASSING = `'transaction.queued', 'transaction.submitted', 'transaction.mined'`

/**
 * Events of transactions that are still running, or that began after the oldest one still running, are not read yet: their
 * place in the order (xid, last_id) could still be taken by an earlier one.
 */
const READ_AFTER = `
SELECT xid::text, last_id, tenant_id, economy_id, topic, events,
       CASE WHEN topic NOT IN (${PASSING}) THEN array_to_string(event_ids, ',') END AS event_ids,
       CASE WHEN topic NOT IN (${PASSING}) THEN array_to_string(subject_ids, ',') END AS subject_ids,
       created_at
FROM outbox_record
WHERE (xid, last_id) > ($1::bigint, $2::uuid) AND xid < (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint
ORDER BY xid, last_id LIMIT $3`

const ADVANCE = `
INSERT INTO outbox_cursor (consumer, xid, event_id, updated_at) VALUES ($1, $2, $3, now())
ON CONFLICT (consumer) DO UPDATE SET xid = excluded.xid, event_id = excluded.event_id, updated_at = excluded.updated_at
WHERE (outbox_cursor.xid, outbox_cursor.event_id) < (excluded.xid, excluded.event_id)`

interface RecordRow {
  xid: string
  last_id: string
  tenant_id: string
  economy_id: string | null
  topic: string
  events: number
  event_ids: string | null
  subject_ids: string | null
  created_at: Date
}

/** The log of state changes in Postgres, read with the worker's role. */
export function createOutboxReader(database: Pick<Database, 'pool'>): OutboxReader {
  const { pool } = database
  return {
    async position(consumer) {
      const { rows } = await pool.query<{ xid: string; event_id: string }>({
        name: 'outbox_position',
        text: 'SELECT xid::text, event_id FROM outbox_cursor WHERE consumer = $1',
        values: [consumer],
      })
      const [row] = rows
      return row ? { xid: BigInt(row.xid), id: row.event_id } : BEGINNING
    },

    async readAfter(position, limit) {
      const { rows } = await pool.query<RecordRow>({
        name: 'outbox_read_after',
        text: READ_AFTER,
        values: [position.xid.toString(), position.id, limit],
      })
      return rows.map((row) => ({
        xid: BigInt(row.xid),
        id: row.last_id,
        tenantId: row.tenant_id,
        economyId: row.economy_id,
        topic: row.topic,
        events: row.events,
        eventIds: row.event_ids?.split(',') ?? [],
        subjectIds: row.subject_ids?.split(',') ?? [],
        createdAt: row.created_at,
      }))
    },

    async advance(consumer, position) {
      await pool.query(ADVANCE, [consumer, position.xid.toString(), position.id])
    },

    async lanesOf(economyIds) {
      const { rows } = await pool.query<{ id: string; lane_id: string }>({
        name: 'outbox_lanes_of',
        text: `SELECT id, lane_id FROM economy WHERE id = ANY ($1::uuid[]) AND ${hasQueued('economy.id')}`,
        values: [economyIds],
      })
      return new Map(rows.map((row) => [row.id, row.lane_id]))
    },
  }
}
