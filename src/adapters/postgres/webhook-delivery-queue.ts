import type { PoolClient } from 'pg'
import type { Ids } from '#core/shared/clock.ts'
import type {
  DeliveryQueue,
  DeliveryResult,
  DueDelivery,
  LeasedWebhook,
  WebhookHealth,
} from '#core/webhook/delivery-queue.ts'
import type { DeliveryMode, WebhookFormat } from '#core/webhook/webhook.ts'
import { columnOf, textColumnOf, timeColumnOf, unestimated } from './columns.ts'
import type { Database } from './database.ts'
import type { Sealer } from '#adapters/crypto/sealer.ts'

const LEASE = `
UPDATE webhook_endpoint SET lease_token = $2, lease_until = now() + make_interval(secs => $3::float8 / 1000)
WHERE id = $1 AND status = 'enabled' AND deleted_at IS NULL
  AND (lease_until IS NULL OR lease_until < now()) AND (retry_at IS NULL OR retry_at <= now())
RETURNING id, tenant_id, economy_id, url, mode, format, failures, secret,
          CASE WHEN previous_secret_expires_at > now() THEN previous_secret END AS previous_secret`

const DUE_COLUMNS = `d.event_id, d.position::text, d.next_attempt_at, d.attempts, e.body,
  extract(epoch FROM now() - d.first_due_at)::float8 * 1000 AS age_ms, d.next_attempt_at <= now() AS is_due`
const DUE_FROM = `webhook_delivery d JOIN webhook_event e ON e.economy_id = d.economy_id AND e.event_id = d.event_id`

const READ_PARALLEL = `
SELECT ${DUE_COLUMNS} FROM ${DUE_FROM}
WHERE d.endpoint_id = $1 AND d.status = 'pending' AND d.next_attempt_at <= now()
  AND (d.next_attempt_at, d.position) > ($2::timestamptz, $3::bigint)
ORDER BY d.next_attempt_at, d.position LIMIT $4`

const READ_ORDERED = `
SELECT ${DUE_COLUMNS} FROM ${DUE_FROM}
WHERE d.endpoint_id = $1 AND d.status = 'pending' AND d.position > $2::bigint
ORDER BY d.position LIMIT $3`

/**
 * What another worker has recorded as taken or given up stays so: only what is pending changes. The webhook's own key comes with each
 * result, and the state is not compared plainly, so that each delivery is looked up by the whole primary key: to the planner a webhook
 * that is younger than the statistics has no deliveries, so it would read all of them for every batch.
 */
const RECORD = `
WITH result AS (
  SELECT $1::uuid AS economy_id, $2::uuid AS endpoint_id, r.*
  FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::float8[], $7::timestamptz[], $8::int[], $9::int[], $10::text[], $11::text[])
    AS r(event_id, attempt_id, status, retry_in_ms, at, duration_ms, status_code, response_body, error)
), logged AS (
  INSERT INTO webhook_attempt (economy_id, endpoint_id, event_id, id, tenant_id, url, attempted_at, duration_ms, status_code, response_body, error)
  SELECT r.economy_id, r.endpoint_id, r.event_id, r.attempt_id, $12, $13, r.at, r.duration_ms, r.status_code, r.response_body, r.error FROM result r
)
UPDATE webhook_delivery d
SET status = r.status, attempts = d.attempts + 1, last_attempt_at = r.at, status_code = r.status_code, error = r.error,
    next_attempt_at = now() + make_interval(secs => r.retry_in_ms / 1000)
FROM result r
WHERE d.economy_id = r.economy_id AND d.endpoint_id = r.endpoint_id AND d.event_id = r.event_id AND ${unestimated("d.status = 'pending'")}`

const RECORD_HEALTH = `
UPDATE webhook_endpoint
SET failures = $3, failing_since = CASE WHEN $3 > 0 THEN coalesce(failing_since, now()) END,
    retry_at = now() + make_interval(secs => $4::float8 / 1000)
WHERE economy_id = $1 AND id = $2 AND (failures <> $3 OR $3 > 0)
RETURNING extract(epoch FROM now() - failing_since)::float8 * 1000 AS failing_for_ms`

const RETRY_NOW = `
UPDATE webhook_delivery SET next_attempt_at = now()
WHERE endpoint_id = $1 AND status = 'pending' AND attempts > 0 AND next_attempt_at > now()`

interface DueRow {
  event_id: string
  position: string
  next_attempt_at: Date
  attempts: number
  body: string
  age_ms: number
  is_due: boolean
}

/** The queue of deliveries in Postgres, with the worker's role. */
export function createDeliveryQueue(deps: {
  database: Pick<Database, 'pool' | 'raw' | 'rawByKeys'>
  ids: Ids
  sealer: Sealer
}): DeliveryQueue {
  const { database, ids, sealer } = deps
  const { pool } = database
  return {
    async lease(webhookId, token, leaseMs) {
      const { rows } = await pool.query<{
        id: string
        tenant_id: string
        economy_id: string
        url: string
        mode: DeliveryMode
        format: WebhookFormat
        failures: number
        secret: string
        previous_secret: string | null
      }>({ name: 'webhook_lease', text: LEASE, values: [webhookId, token, leaseMs] })
      const [row] = rows
      if (!row) return null
      const sealed = [row.secret, ...(row.previous_secret === null ? [] : [row.previous_secret])]
      return {
        id: row.id,
        tenantId: row.tenant_id,
        economyId: row.economy_id,
        url: row.url,
        mode: row.mode,
        format: row.format,
        failures: row.failures,
        secrets: sealed.map((secret) => String(sealer.open(secret))),
        token,
      }
    },

    async readDue({ id, mode }, after, limit) {
      const position = (after?.position ?? -1n).toString()
      const { rows } = await pool.query<DueRow>(
        mode === 'ordered'
          ? { name: 'webhook_read_ordered', text: READ_ORDERED, values: [id, position, limit] }
          : {
              name: 'webhook_read_parallel',
              text: READ_PARALLEL,
              values: [id, after?.dueAt ?? new Date(0), position, limit],
            },
      )
      // In order, nothing passes a delivery that waits for its next try.
      const blocked = rows.findIndex((row) => !row.is_due)
      return (blocked === -1 ? rows : rows.slice(0, blocked)).map(toDue)
    },

    record: async (webhook, results, health) =>
      database.rawByKeys([], async (client) => {
        // The webhook first, as the API locks them.
        const failingForMs = await recordHealth(client, webhook, health)
        await recordResults(client, ids, webhook, results)
        if (health.hasRecovered) await client.query(RETRY_NOW, [webhook.id])
        return { failingForMs }
      }),

    disable: async (webhook, reason) =>
      database.raw([], async (client) => {
        const { economyId, id, tenantId } = webhook
        const { rowCount } = await client.query(
          `UPDATE webhook_endpoint SET status = 'disabled', disabled_reason = $3, disabled_at = now(), updated_at = now()
           WHERE economy_id = $1 AND id = $2 AND status = 'enabled' AND deleted_at IS NULL`,
          [economyId, id, reason],
        )
        if (rowCount !== 1) return
        await client.query(
          `INSERT INTO audit_log (tenant_id, id, actor_type, actor_id, action, subject_type, subject_id, details)
           VALUES ($1, $2, 'system', 'deliver-webhooks', 'webhook.disabled', 'webhook', $3, $4)`,
          [tenantId, ids.next(), id, JSON.stringify({ reason, url: webhook.url })],
        )
        await client.query(
          `INSERT INTO outbox_event (id, tenant_id, economy_id, topic, subject_id, payload)
           VALUES ($1, $2, $3, 'webhook.disabled', $4, $5)`,
          [ids.next(), tenantId, economyId, id, JSON.stringify({ reason })],
        )
      }),

    async release({ economyId, id, token }) {
      await pool.query({
        name: 'webhook_release',
        text: `UPDATE webhook_endpoint SET lease_token = NULL, lease_until = NULL
               WHERE economy_id = $1 AND id = $2 AND lease_token = $3`,
        values: [economyId, id, token],
      })
    },
  }
}

async function recordResults(
  client: PoolClient,
  ids: Ids,
  { economyId, id, tenantId, url }: LeasedWebhook,
  results: readonly DeliveryResult[],
): Promise<void> {
  await client.query({
    name: 'webhook_record',
    text: RECORD,
    values: [
      economyId,
      id,
      columnOf(results.map((result) => result.eventId)),
      columnOf(results.map(() => ids.next())),
      columnOf(results.map((result) => result.outcome.status)),
      columnOf(results.map(({ outcome }) => (outcome.status === 'pending' ? outcome.retryInMs : 0))),
      timeColumnOf(results.map(({ attempt }) => attempt.at)),
      columnOf(results.map(({ attempt }) => Math.round(attempt.durationMs))),
      columnOf(results.map(({ attempt }) => attempt.statusCode)),
      textColumnOf(results.map(({ attempt }) => storable(attempt.responseBody))),
      textColumnOf(results.map(({ attempt }) => storable(attempt.error))),
      tenantId,
      url,
    ],
  })
}

/** Postgres keeps no NUL in text. */
function storable(text: string | null): string | null {
  return text === null ? null : text.replaceAll('\0', '\uFFFD')
}

async function recordHealth(
  client: PoolClient,
  webhook: LeasedWebhook,
  health: WebhookHealth,
): Promise<number> {
  const { rows } = await client.query<{ failing_for_ms: number | null }>({
    name: 'webhook_record_health',
    text: RECORD_HEALTH,
    values: [webhook.economyId, webhook.id, health.failures, health.pauseMs],
  })
  return rows[0]?.failing_for_ms ?? 0
}

function toDue(row: DueRow): DueDelivery {
  return {
    eventId: row.event_id,
    position: BigInt(row.position),
    dueAt: row.next_attempt_at,
    attempts: row.attempts,
    ageMs: row.age_ms,
    body: row.body,
  }
}
