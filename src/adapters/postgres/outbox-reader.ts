import type { OutboxPosition } from '#core/outbox/outbox-event.ts'
import type { OutboxReader } from '#core/outbox/outbox-reader.ts'
import type { Database } from './database.ts'

const BEGINNING: OutboxPosition = { xid: 0n, id: '00000000-0000-0000-0000-000000000000' }

/**
 * Events of transactions that are still running, or that began after the oldest one still running, are not read yet: their
 * place in the order (xid, id) could still be taken by an earlier one.
 */
const READ_AFTER = `
SELECT xid::text, id, tenant_id, economy_id, topic, subject_id, created_at
FROM outbox_event
WHERE (xid, id) > ($1::bigint, $2::uuid) AND xid < (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint
ORDER BY xid, id LIMIT $3`

const ADVANCE = `
INSERT INTO outbox_cursor (consumer, xid, event_id, updated_at) VALUES ($1, $2, $3, now())
ON CONFLICT (consumer) DO UPDATE SET xid = excluded.xid, event_id = excluded.event_id, updated_at = excluded.updated_at
WHERE (outbox_cursor.xid, outbox_cursor.event_id) < (excluded.xid, excluded.event_id)`

interface EventRow {
  xid: string
  id: string
  tenant_id: string
  economy_id: string | null
  topic: string
  subject_id: string
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
      const { rows } = await pool.query<EventRow>({
        name: 'outbox_read_after',
        text: READ_AFTER,
        values: [position.xid.toString(), position.id, limit],
      })
      return rows.map((row) => ({
        xid: BigInt(row.xid),
        id: row.id,
        tenantId: row.tenant_id,
        economyId: row.economy_id,
        topic: row.topic,
        subjectId: row.subject_id,
        createdAt: row.created_at,
      }))
    },

    async advance(consumer, position) {
      await pool.query(ADVANCE, [consumer, position.xid.toString(), position.id])
    },

    async lanesOf(economyIds) {
      const { rows } = await pool.query<{ id: string; lane_id: string }>({
        name: 'outbox_lanes_of',
        text: 'SELECT id, lane_id FROM economy WHERE id = ANY ($1::uuid[])',
        values: [economyIds],
      })
      return new Map(rows.map((row) => [row.id, row.lane_id]))
    },
  }
}
