import type {
  DeliveryMode,
  DisabledReason,
  Webhook,
  WebhookFormat,
  WebhookTopic,
} from '#core/webhook/webhook.ts'
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
    format: row.format as WebhookFormat,
    topics: row.topics as WebhookTopic[],
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
