import type { Page, PageRequest } from '#core/shared/page.ts'
import {
  ATTEMPTS_SHOWN_MAX,
  type Delivery,
  type DeliveryAttempt,
  type DeliveryStatus,
} from '#core/webhook/delivery.ts'
import type { Replay, ReplayScope } from '#core/webhook/replay.ts'
import { WebhookUrlTaken } from '#core/webhook/errors.ts'
import type { Webhook } from '#core/webhook/webhook.ts'
import type { WebhookStore } from '#core/webhook/webhook-store.ts'
import type { PrismaTx } from './database.ts'
import { Prisma, type WebhookReplay } from './generated/client.ts'
import type { Sealer } from '#adapters/crypto/sealer.ts'
import { pageOf, pageQuery } from './page.ts'
import { orTaken } from './unique-violation.ts'
import { toWebhook } from './webhook-row.ts'

export function createWebhookStore(tx: PrismaTx, tenantId: string, sealer: Sealer): WebhookStore {
  const find = async (economyId: string, id: string) => {
    const row = await tx.webhookEndpoint.findFirst({ where: { tenantId, economyId, id, deletedAt: null } })
    return row && toWebhook(row)
  }
  /** One unit of work at a time for an economy's webhooks of the OST API: they share a secret, and are counted. */
  const lockOst = async (economyId: string) =>
    tx.$queryRaw`SELECT FROM pg_advisory_xact_lock(hashtextextended('ost webhooks ' || ${economyId}, 0))`
  const own = ({ economyId, id }: Pick<Webhook, 'economyId' | 'id'>) => ({ tenantId, economyId, id })
  return {
    find,

    async lock(economyId, id) {
      await tx.$queryRaw`
        SELECT FROM webhook_endpoint
        WHERE tenant_id = ${tenantId}::uuid AND economy_id = ${economyId}::uuid AND id = ${id}::uuid FOR UPDATE`
      return find(economyId, id)
    },

    async list(economyId, page, filter = {}) {
      const query = pageQuery(page)
      const where = { ...query.where, tenantId, economyId, deletedAt: null, ...filter }
      return pageOf(await tx.webhookEndpoint.findMany({ ...query, where }), page, toWebhook)
    },

    count: async (economyId) => tx.webhookEndpoint.count({ where: { tenantId, economyId, deletedAt: null } }),

    async lockEnabledOst(economyId) {
      await lockOst(economyId)
      const where = { tenantId, economyId, format: 'ost-v2', status: 'enabled', deletedAt: null }
      return (await tx.webhookEndpoint.findMany({ where, select: { id: true } })).map(({ id }) => id)
    },

    async insert(webhook, secret) {
      const { topics, ...columns } = webhook
      if (webhook.format === 'ost-v2') await lockOst(webhook.economyId)
      // Those that were deleted count: whoever comes back finds the secret as it was.
      const shared =
        webhook.format === 'ost-v2'
          ? await tx.webhookEndpoint.findFirst({
              where: { tenantId, economyId: webhook.economyId, format: 'ost-v2' },
              orderBy: { id: 'desc' },
              select: { secret: true, previousSecret: true, previousSecretExpiresAt: true },
            })
          : null
      const secrets = shared ?? { secret: sealer.seal(secret) }
      await orTaken(
        tx.webhookEndpoint.create({ data: { ...columns, topics: [...topics], ...secrets } }),
        () => new WebhookUrlTaken(),
      )
      return String(sealer.open(secrets.secret))
    },

    async update(webhook) {
      const { url, description, topics, mode, status, disabledReason, disabledAt, updatedAt } = webhook
      const data = {
        url,
        description,
        topics: [...topics],
        mode,
        status,
        disabledReason,
        disabledAt,
        updatedAt,
      }
      await tx.webhookEndpoint.updateMany({ where: own(webhook), data })
    },

    async clearFailures(webhook) {
      const data = { failures: 0, failingSince: null, retryAt: null }
      await tx.webhookEndpoint.updateMany({ where: own(webhook), data })
      await tx.$executeRaw`
        UPDATE webhook_delivery SET next_attempt_at = now(), first_due_at = now()
        WHERE endpoint_id = ${webhook.id}::uuid AND economy_id = ${webhook.economyId}::uuid AND status = 'pending'`
    },

    async replaceSecret(webhook, secret, previousUntil) {
      const isShared = webhook.format === 'ost-v2'
      if (isShared) await lockOst(webhook.economyId)
      await tx.$executeRaw`
        UPDATE webhook_endpoint
        SET previous_secret = secret, previous_secret_expires_at = ${previousUntil}, secret = ${sealer.seal(secret)}
        WHERE tenant_id = ${tenantId}::uuid AND economy_id = ${webhook.economyId}::uuid
          AND CASE WHEN ${isShared} THEN format = 'ost-v2' ELSE id = ${webhook.id}::uuid END`
    },

    async delete(economyId, id, at) {
      await tx.webhookEndpoint.updateMany({ where: own({ economyId, id }), data: { deletedAt: at } })
      // What waited for it waits no longer, so that it can be cleaned up in time.
      await tx.$executeRaw`
        UPDATE webhook_delivery SET status = 'failed', error = 'The webhook was deleted.'
        WHERE endpoint_id = ${id}::uuid AND economy_id = ${economyId}::uuid AND status = 'pending'`
    },

    async queue(webhook, event) {
      const { economyId, id: endpointId } = webhook
      const { eventId, topic, subjectId, body } = event
      await tx.webhookEvent.create({ data: { economyId, eventId, tenantId, topic, subjectId, body } })
      await tx.$executeRaw`
        INSERT INTO webhook_delivery (economy_id, endpoint_id, event_id, tenant_id)
        VALUES (${economyId}::uuid, ${endpointId}::uuid, ${eventId}::uuid, ${tenantId}::uuid)`
    },

    listDeliveries: async (webhook, page, filter) => listDeliveries(tx, webhook, page, filter),

    async findDelivery(webhook, eventId) {
      const [row] = await tx.$queryRaw<
        DeliveryRow[]
      >`${selectDeliveries(webhook)} AND d.event_id = ${eventId}::uuid`
      if (!row) return null
      const attempts = await tx.webhookAttempt.findMany({
        where: { tenantId, economyId: webhook.economyId, endpointId: webhook.id, eventId },
        orderBy: { id: 'desc' },
        take: ATTEMPTS_SHOWN_MAX,
      })
      return { ...toDelivery(row), requestBody: row.body, log: attempts.map(toAttempt) }
    },

    async redeliver(webhook, eventId) {
      const rows = await tx.$executeRaw`
        UPDATE webhook_delivery
        SET status = 'pending', attempts = CASE status WHEN 'pending' THEN attempts ELSE 0 END,
            next_attempt_at = now(), first_due_at = now()
        WHERE economy_id = ${webhook.economyId}::uuid AND endpoint_id = ${webhook.id}::uuid AND event_id = ${eventId}::uuid`
      return rows === 1
    },

    async insertReplay(webhook, replay) {
      const { id, scope, status, createdAt } = replay
      const data = { id, tenantId, scope, status, createdAt, fromAt: replay.from, toAt: replay.to }
      await tx.webhookReplay.create({
        data: { ...data, economyId: webhook.economyId, endpointId: webhook.id },
      })
    },

    async listReplays(webhook, page) {
      const query = pageQuery(page)
      const where = { ...query.where, tenantId, economyId: webhook.economyId, endpointId: webhook.id }
      return pageOf(await tx.webhookReplay.findMany({ ...query, where }), page, toReplay)
    },
  }
}

interface DeliveryRow {
  endpoint_id: string
  event_id: string
  topic: string
  subject_id: string
  body: string
  status: DeliveryStatus
  attempts: number
  next_attempt_at: Date
  last_attempt_at: Date | null
  status_code: number | null
  error: string | null
  created_at: Date
}

function selectDeliveries({ economyId, id }: Webhook): Prisma.Sql {
  return Prisma.sql`
    SELECT d.endpoint_id, d.event_id, e.topic, e.subject_id, e.body, d.status, d.attempts, d.next_attempt_at,
           d.last_attempt_at, d.status_code, d.error, d.created_at
    FROM webhook_delivery d
    CROSS JOIN LATERAL (SELECT * FROM webhook_event x
                        WHERE x.economy_id = d.economy_id AND x.event_id = d.event_id OFFSET 0) AS e
    WHERE d.economy_id = ${economyId}::uuid AND d.endpoint_id = ${id}::uuid`
}

async function listDeliveries(
  tx: PrismaTx,
  webhook: Webhook,
  page: PageRequest,
  filter: { status?: DeliveryStatus; topic?: string },
): Promise<Page<Delivery>> {
  const isAscending = page.order === 'asc'
  const conditions = [selectDeliveries(webhook)]
  if (page.after !== undefined) {
    const past = Prisma.raw(isAscending ? '>' : '<')
    conditions.push(Prisma.sql`AND d.event_id ${past} ${page.after}::uuid`)
  }
  // Literals, so that the planner sees which partial index serves it.
  if (filter.status !== undefined)
    conditions.push(Prisma.raw(`AND d.status = '${STATUS_LITERAL[filter.status]}'`))
  if (filter.topic !== undefined) conditions.push(Prisma.sql`AND e.topic = ${filter.topic}`)
  const order = Prisma.raw(isAscending ? 'ASC' : 'DESC')
  conditions.push(Prisma.sql`ORDER BY d.event_id ${order} LIMIT ${page.limit + 1}`)
  const rows = await tx.$queryRaw<DeliveryRow[]>(Prisma.join(conditions, ' '))
  return pageOf(
    rows.map((row) => ({ ...row, id: row.event_id })),
    page,
    toDelivery,
  )
}

const STATUS_LITERAL: Record<DeliveryStatus, string> = {
  pending: 'pending',
  delivered: 'delivered',
  failed: 'failed',
}

function toDelivery(row: DeliveryRow): Delivery {
  return {
    webhookId: row.endpoint_id,
    eventId: row.event_id,
    topic: row.topic,
    subjectId: row.subject_id,
    status: row.status,
    attempts: row.attempts,
    nextAttemptAt: row.status === 'pending' ? row.next_attempt_at : null,
    lastAttemptAt: row.last_attempt_at,
    statusCode: row.status_code,
    error: row.error,
    createdAt: row.created_at,
  }
}

function toAttempt(row: {
  attemptedAt: Date
  url: string
  durationMs: number
  statusCode: number | null
  responseBody: string | null
  error: string | null
}): DeliveryAttempt {
  const { attemptedAt: at, url, durationMs, statusCode, responseBody, error } = row
  return { at, url, durationMs, statusCode, responseBody, error }
}

function toReplay(row: WebhookReplay): Replay {
  return {
    id: row.id,
    webhookId: row.endpointId,
    from: row.fromAt,
    to: row.toAt,
    // Checked by the table.
    scope: row.scope as ReplayScope,
    status: row.status as Replay['status'],
    queued: row.queued,
    createdAt: row.createdAt,
    endedAt: row.endedAt,
  }
}
