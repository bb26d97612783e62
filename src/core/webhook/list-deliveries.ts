import type { Page, PageRequest } from '../shared/page.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { Delivery, DeliveryStatus, DeliveryWithAttempts } from './delivery.ts'
import { sentBody } from './sent-body.ts'
import { WebhookDeliveryNotFound, WebhookNotFound } from './errors.ts'

interface Query {
  tenantId: string
  economyId: string
  webhookId: string
}

/** What a webhook was sent, or is to be sent, by time of the event. @throws WebhookNotFound */
export async function listDeliveries(
  deps: { unitOfWork: UnitOfWork },
  query: Query & { page: PageRequest; filter: { status?: DeliveryStatus; topic?: string } },
): Promise<Page<Delivery>> {
  return deps.unitOfWork(query.tenantId, async (tx) => {
    const webhook = await tx.webhooks.find(query.economyId, query.webhookId)
    if (!webhook) throw new WebhookNotFound()
    return tx.webhooks.listDeliveries(webhook, query.page, query.filter)
  })
}

/** One delivery with its body and the log of its tries. @throws WebhookNotFound, WebhookDeliveryNotFound */
export async function getDelivery(
  deps: { unitOfWork: UnitOfWork },
  query: Query & { eventId: string },
): Promise<DeliveryWithAttempts> {
  return deps.unitOfWork(query.tenantId, async (tx) => {
    const webhook = await tx.webhooks.find(query.economyId, query.webhookId)
    if (!webhook) throw new WebhookNotFound()
    const delivery = await tx.webhooks.findDelivery(webhook, query.eventId)
    if (!delivery) throw new WebhookDeliveryNotFound()
    return { ...delivery, requestBody: sentBody(webhook, delivery.requestBody) }
  })
}
