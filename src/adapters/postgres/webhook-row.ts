import type { EventTopic } from '#core/webhook/event-topics.ts'
import type { DeliveryMode, DisabledReason, Webhook } from '#core/webhook/webhook.ts'
import type { WebhookEndpoint } from './generated/client.ts'

/** A webhook without its secrets. */
export function toWebhook(row: WebhookEndpoint): Webhook {
  return {
    id: row.id,
    tenantId: row.tenantId,
    economyId: row.economyId,
    url: row.url,
    description: row.description,
    // Written by this store only, from values of these types.
    topics: row.topics as EventTopic[],
    mode: row.mode as DeliveryMode,
    status: row.status as Webhook['status'],
    disabledReason: row.disabledReason as DisabledReason | null,
    disabledAt: row.disabledAt,
    previousSecretExpiresAt: row.previousSecretExpiresAt,
    failures: row.failures,
    failingSince: row.failingSince,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  }
}
