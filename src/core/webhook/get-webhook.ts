import type { UnitOfWork } from '../unit-of-work.ts'
import { WebhookNotFound } from './errors.ts'
import type { Webhook } from './webhook.ts'

/** @throws WebhookNotFound */
export async function getWebhook(
  deps: { unitOfWork: UnitOfWork },
  query: { tenantId: string; economyId: string; webhookId: string },
): Promise<Webhook> {
  return deps.unitOfWork(query.tenantId, async (tx) => {
    const webhook = await tx.webhooks.find(query.economyId, query.webhookId)
    if (!webhook) throw new WebhookNotFound()
    return webhook
  })
}
