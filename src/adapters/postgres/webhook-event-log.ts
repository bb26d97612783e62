import type { PoolClient } from 'pg'
import type { OutboxPosition } from '#core/outbox/outbox-event.ts'
import type { EventLog, FannedEvent, LogSpan, WantedEvent } from '#core/webhook/event-log.ts'
import { OST_TOPICS_OF } from '#core/webhook/ost-topics.ts'
import type { WebhookFormat } from '#core/webhook/webhook.ts'
import { columnOf, textColumnOf, timeColumnOf } from './columns.ts'
import type { Database } from './database.ts'
import {
  EVENT_COLUMNS,
  type EventRow,
  eventsOf,
  IS_COMPLETE,
  toEvent,
  wholeRecords,
} from './webhook-event-row.ts'

/** The fan-out's name among the log's consumers. */
export const FAN_OUT_CONSUMER = 'webhook-fan-out'
const BEGINNING: OutboxPosition = { xid: 0n, id: '00000000-0000-0000-0000-000000000000' }
/** Older transactions were told of long ago: an acceptance stands beside its submission in the log, or far before it. */
const ACCEPTED_LATELY = "interval '1 hour'"

/** With no webhook at all, the log is passed over in one step. In one statement, so that one created now misses nothing. */
const PASS_OVER = `
SELECT o.xid::text, o.last_id AS id FROM outbox_record o
WHERE ${IS_COMPLETE} AND NOT EXISTS (SELECT FROM webhook_endpoint e WHERE e.status = 'enabled' AND e.deleted_at IS NULL)
ORDER BY o.xid DESC, o.last_id DESC LIMIT 1`

const IS_ENABLED = `e.status = 'enabled' AND e.deleted_at IS NULL`
/** The topics of the OST API that an event of ours may lead to. */
const OST_TOPICS = `CASE o.topic ${Object.entries(OST_TOPICS_OF)
  .map(([topic, told]) => `WHEN '${topic}' THEN ARRAY['${told.join("', '")}']`)
  .join(' ')} END`
/** Whether an endpoint wants an event of ours; `o` is the event, by our topic. */
export const WANTS = `CASE e.format WHEN 'v3' THEN cardinality(e.topics) = 0 OR o.topic = ANY (e.topics) ELSE e.topics && ${OST_TOPICS} END`
/** The formats in which an economy's endpoints want an event of ours; null: none does. */
const FORMATS = `(SELECT array_agg(DISTINCT e.format) FROM webhook_endpoint e
  WHERE e.economy_id = o.economy_id AND ${IS_ENABLED} AND ${WANTS}) AS formats`
/** Whether an endpoint is told an event of its format; `o` is the event, by that format's topic. */
const IS_TOLD = `${IS_ENABLED} AND e.format = o.format AND (cardinality(e.topics) = 0 OR o.topic = ANY (e.topics))`

const AHEAD = `SELECT * FROM outbox_record o WHERE (o.xid, o.last_id) > ($1::bigint, $2::uuid) AND ${IS_COMPLETE} ORDER BY o.xid, o.last_id LIMIT $3`

const READ_SPAN = `
WITH span AS MATERIALIZED (${wholeRecords(AHEAD, '$3')})
SELECT ${EVENT_COLUMNS}, o.formats, last.xid::text AS last_xid, last.last_id, last.total::int
FROM (SELECT xid, last_id, total FROM span ORDER BY xid DESC, last_id DESC LIMIT 1) last
LEFT JOIN (
  ${eventsOf(`(SELECT * FROM (SELECT o.*, ${FORMATS} FROM span o) w WHERE w.formats IS NOT NULL)`, 'r.formats')}
) o ON true
ORDER BY o.xid, o.record_id, o.id`

const UNTOLD = `
SELECT * FROM (SELECT o.xid, o.id, o.tenant_id, o.economy_id, o.topic, o.id AS subject_id, o.payload, o.created_at, ${FORMATS}
FROM (SELECT '0' AS xid, t.id, t.tenant_id, t.economy_id, 'transaction.queued' AS topic, NULL::jsonb AS payload, t.created_at
      FROM unnest($1::uuid[], $2::uuid[]) AS s(economy_id, id) JOIN transaction t ON t.economy_id = s.economy_id AND t.id = s.id
      WHERE t.created_at > now() - ${ACCEPTED_LATELY}) o
WHERE NOT EXISTS (SELECT FROM webhook_event w WHERE w.economy_id = o.economy_id AND w.event_id = o.id)) o
WHERE o.formats IS NOT NULL`

const MOVE_CURSOR = `
INSERT INTO outbox_cursor (consumer, xid, event_id, updated_at) VALUES ($1, $2, $3, now())
ON CONFLICT (consumer) DO UPDATE SET xid = excluded.xid, event_id = excluded.event_id, updated_at = excluded.updated_at
WHERE (outbox_cursor.xid, outbox_cursor.event_id) = ($4::bigint, $5::uuid)`

/** What nobody is told is not kept: of the topics that an event leads to in the words of the OST API, few may be wanted. */
const INSERT_EVENTS = `
INSERT INTO webhook_event (economy_id, event_id, tenant_id, topic, subject_id, body, created_at)
SELECT o.economy_id, o.event_id, o.tenant_id, o.topic, o.subject_id, o.body, o.created_at
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::text[], $7::timestamptz[], $8::text[])
  AS o(economy_id, event_id, tenant_id, topic, subject_id, body, created_at, format)
WHERE o.format = 'v3' OR EXISTS (SELECT FROM webhook_endpoint e WHERE e.economy_id = o.economy_id AND e.deleted_at IS NULL
                                   AND e.format = o.format AND o.topic = ANY (e.topics))
ON CONFLICT (economy_id, event_id) DO NOTHING`

/** Positions are given in the order of the log: readers of the log are one at a time, by the cursor's row. */
const QUEUE = `
INSERT INTO webhook_delivery (economy_id, endpoint_id, event_id, tenant_id, position)
SELECT q.economy_id, q.endpoint_id, q.event_id, q.tenant_id, nextval('webhook_delivery_position_seq')
FROM (SELECT o.economy_id, e.id AS endpoint_id, o.event_id, o.tenant_id
      FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[]) WITH ORDINALITY
        AS o(economy_id, event_id, tenant_id, topic, format, place)
      JOIN webhook_endpoint e ON e.economy_id = o.economy_id AND ${IS_TOLD}
      ORDER BY o.place) q
ON CONFLICT (economy_id, endpoint_id, event_id) DO NOTHING
RETURNING endpoint_id`

interface WantedRow extends EventRow {
  formats: WebhookFormat[]
}

type SpanRow = { [Column in keyof WantedRow]: WantedRow[Column] | null } & {
  last_xid: string
  last_id: string
  total: number
}

/** The outbox on its way to webhooks, read and written with the worker's role. */
export function createEventLog(database: Pick<Database, 'pool' | 'raw'>): EventLog {
  const { pool } = database
  return {
    async readSpan(limit) {
      const from = await readPosition(database)
      const passed = await pool.query<{ xid: string; id: string }>({
        name: 'webhook_pass_over',
        text: PASS_OVER,
      })
      const [newest] = passed.rows
      if (newest) {
        const to = { xid: BigInt(newest.xid), id: newest.id }
        return { from, to: isAfter(to, from) ? to : null, events: [], caughtUp: true }
      }
      const { rows } = await pool.query<SpanRow>({
        name: 'webhook_read_span',
        text: READ_SPAN,
        values: [from.xid.toString(), from.id, limit],
      })
      return toSpan(from, rows, limit)
    },

    async untoldAcceptances(events) {
      const submitted = events.filter((event) => event.topic === 'transaction.submitted')
      if (submitted.length === 0) return []
      const { rows } = await pool.query<WantedRow>({
        name: 'webhook_untold',
        text: UNTOLD,
        values: [submitted.map((event) => event.economyId), submitted.map((event) => event.subjectId)],
      })
      return toWanted(rows)
    },

    fanOut: async ({ from, to }, events) =>
      database.raw([], async (client) => {
        if (!to) return []
        const moved = await client.query({
          name: 'webhook_move_cursor',
          text: MOVE_CURSOR,
          values: [FAN_OUT_CONSUMER, to.xid.toString(), to.id, from.xid.toString(), from.id],
        })
        if (moved.rowCount !== 1) return null
        if (events.length === 0) return []
        await insertEvents(client, events)
        const { rows } = await client.query<{ endpoint_id: string }>({
          name: 'webhook_queue',
          text: QUEUE,
          values: [
            columnOf(events.map((event) => event.economyId)),
            columnOf(events.map((event) => event.eventId)),
            columnOf(events.map((event) => event.tenantId)),
            columnOf(events.map((event) => event.topic)),
            columnOf(events.map((event) => event.format)),
          ],
        })
        return [...new Set(rows.map((row) => row.endpoint_id))]
      }),
  }
}

/** Each body once, whoever comes first. */
export async function insertEvents(client: PoolClient, events: readonly FannedEvent[]): Promise<void> {
  await client.query({
    name: 'webhook_insert_events',
    text: INSERT_EVENTS,
    values: [
      columnOf(events.map((event) => event.economyId)),
      columnOf(events.map((event) => event.eventId)),
      columnOf(events.map((event) => event.tenantId)),
      columnOf(events.map((event) => event.topic)),
      columnOf(events.map((event) => event.subjectId)),
      textColumnOf(events.map((event) => event.body)),
      timeColumnOf(events.map((event) => event.createdAt)),
      columnOf(events.map((event) => event.format)),
    ],
  })
}

async function readPosition({ pool }: Pick<Database, 'pool'>): Promise<OutboxPosition> {
  const { rows } = await pool.query<{ xid: string; event_id: string }>({
    name: 'webhook_position',
    text: 'SELECT xid::text, event_id FROM outbox_cursor WHERE consumer = $1',
    values: [FAN_OUT_CONSUMER],
  })
  const [row] = rows
  return row ? { xid: BigInt(row.xid), id: row.event_id } : BEGINNING
}

function toSpan(from: OutboxPosition, rows: readonly SpanRow[], limit: number): LogSpan {
  const [first] = rows
  if (!first) return { from, to: null, events: [], caughtUp: true }
  const to = { xid: BigInt(first.last_xid), id: first.last_id }
  return { from, to, events: toWanted(rows.filter(isWantedRow)), caughtUp: first.total < limit }
}

function toWanted(rows: readonly WantedRow[]): WantedEvent[] {
  return rows.flatMap((row) => {
    const event = toEvent(row)
    return event ? [{ ...event, formats: row.formats }] : []
  })
}

/** A span without wanted events is one row of nulls. */
function isWantedRow(row: SpanRow): row is SpanRow & WantedRow {
  return row.id !== null
}

function isAfter(a: OutboxPosition, b: OutboxPosition): boolean {
  return a.xid > b.xid || (a.xid === b.xid && a.id > b.id)
}
