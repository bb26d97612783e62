import type { ReplayLog, ReplayStep } from '#core/webhook/replay-events.ts'
import type { ReplayScope } from '#core/webhook/replay.ts'
import { columnOf } from './columns.ts'
import type { Database } from './database.ts'
import type { WebhookFormat } from '#core/webhook/webhook.ts'
import { insertEvents, WANTS } from './webhook-event-log.ts'
import {
  EVENT_COLUMNS,
  type EventRow,
  eventsOf,
  IS_COMPLETE,
  toEvents,
  wholeRecords,
} from './webhook-event-row.ts'

/** Events of the log that are looked at in one step, for every event that is wanted of it. */
const SCAN_PER_EVENT = 5
/** A row's moment may be off its place in the log by the clocks of several processes and a long database transaction. */
const SLACK = "interval '1 hour'"

const FIND = `
SELECT r.economy_id, r.endpoint_id, r.cursor_xid::text, r.cursor_id, e.format
FROM webhook_replay r JOIN webhook_endpoint e ON e.economy_id = r.economy_id AND e.id = r.endpoint_id WHERE r.id = $1 AND r.status = 'running'`

const AHEAD = `
SELECT * FROM outbox_record o
WHERE o.economy_id = $1 AND (o.xid, o.last_id) > ($2::bigint, $3::uuid) AND ${IS_COMPLETE} ORDER BY o.xid, o.last_id LIMIT $4`

const READ = `
WITH span AS MATERIALIZED (${wholeRecords(AHEAD, '$4')}), last AS (
  SELECT span.xid, span.last_id, span.created_at, span.total FROM span ORDER BY xid DESC, last_id DESC LIMIT 1
)
SELECT ${EVENT_COLUMNS}, last.xid::text AS last_xid, last.last_id,
       e.format = 'v3' AND EXISTS (SELECT FROM webhook_event w WHERE w.economy_id = o.economy_id AND w.event_id = o.id) AS is_kept,
       last.total < $4 OR last.created_at > r.to_at + ${SLACK} AS is_last
FROM last JOIN webhook_replay r ON r.id = $5 JOIN webhook_endpoint e ON e.economy_id = r.economy_id AND e.id = r.endpoint_id
LEFT JOIN (${eventsOf('span')}) o ON o.created_at >= r.from_at AND o.created_at < r.to_at AND ${WANTS}
ORDER BY o.xid, o.record_id, o.id`

const MOVE = `
UPDATE webhook_replay SET cursor_xid = $4, cursor_id = $5
WHERE id = $1 AND status = 'running' AND cursor_xid = $2 AND cursor_id = $3
RETURNING economy_id, endpoint_id, scope`

/** What waits already stays as it is. */
const QUEUE = `
INSERT INTO webhook_delivery AS d (economy_id, endpoint_id, event_id, tenant_id, position)
SELECT q.economy_id, q.endpoint_id, q.event_id, q.tenant_id, nextval('webhook_delivery_position_seq')
FROM (SELECT $1::uuid AS economy_id, $2::uuid AS endpoint_id, o.event_id, o.tenant_id
      FROM unnest($3::uuid[], $4::uuid[], $6::text[]) WITH ORDINALITY AS o(event_id, tenant_id, topic, place)
      JOIN webhook_endpoint e ON e.economy_id = $1 AND e.id = $2
      WHERE cardinality(e.topics) = 0 OR o.topic = ANY (e.topics) ORDER BY o.place) q
ON CONFLICT (economy_id, endpoint_id, event_id)
DO UPDATE SET status = 'pending', attempts = 0, next_attempt_at = now(), first_due_at = now()
WHERE d.status = ANY ($5::text[])`

const STATUSES_OF: Record<ReplayScope, readonly string[]> = {
  undelivered: ['failed'],
  all: ['failed', 'delivered'],
}

type StepRow = { [Column in keyof EventRow]: EventRow[Column] | null } & {
  last_xid: string
  last_id: string
  is_kept: boolean
  is_last: boolean
}

/** Replays in Postgres, with the worker's role. */
export function createReplayLog(database: Pick<Database, 'pool' | 'raw'>): ReplayLog {
  const { pool } = database
  return {
    async readStep(replayId, limit) {
      const found = await pool.query<{
        economy_id: string
        endpoint_id: string
        cursor_xid: string
        cursor_id: string
        format: WebhookFormat
      }>(FIND, [replayId])
      const [replay] = found.rows
      if (!replay) return null
      const { rows } = await pool.query<StepRow>(READ, [
        replay.economy_id,
        replay.cursor_xid,
        replay.cursor_id,
        limit * SCAN_PER_EVENT,
        replayId,
      ])
      return toStep(replay, rows)
    },

    finishStep: async (replayId, step, told) =>
      database.raw([], async (client) => {
        const before = step.from.split(' ')
        const after = (step.to ?? step.from).split(' ')
        const { rows } = await client.query<{ economy_id: string; endpoint_id: string; scope: ReplayScope }>(
          MOVE,
          [replayId, ...before, ...after],
        )
        const [replay] = rows
        if (!replay) return
        if (told && told.length > 0) await insertEvents(client, told)
        const events = told ?? step.events.map((event) => ({ ...event, eventId: event.id }))
        const queued = await client.query(QUEUE, [
          replay.economy_id,
          replay.endpoint_id,
          columnOf(events.map((event) => event.eventId)),
          columnOf(events.map((event) => event.tenantId)),
          STATUSES_OF[replay.scope],
          columnOf(events.map((event) => event.topic)),
        ])
        await client.query(
          `UPDATE webhook_replay SET queued = queued + $2, status = CASE WHEN $3 THEN 'done' ELSE status END,
                  ended_at = CASE WHEN $3 THEN now() END WHERE id = $1`,
          [replayId, queued.rowCount ?? 0, step.to === null],
        )
      }),
  }
}

function toStep(
  replay: { endpoint_id: string; cursor_xid: string; cursor_id: string; format: WebhookFormat },
  rows: readonly StepRow[],
): ReplayStep {
  const { endpoint_id: webhookId, format } = replay
  const from = `${replay.cursor_xid} ${replay.cursor_id}`
  const [first] = rows
  if (!first) return { webhookId, format, events: [], areKept: false, from, to: null }
  const found = rows.filter((row): row is StepRow & EventRow => row.id !== null)
  const events = toEvents(found)
  const areKept = found.every((row) => row.is_kept)
  return {
    webhookId,
    format,
    events,
    areKept,
    from,
    to: first.is_last ? null : `${first.last_xid} ${first.last_id}`,
  }
}
