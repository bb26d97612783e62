import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { WebhookDeliveryNotFound, WebhookNotFound } from './errors.ts'
import type { Delivery } from './delivery.ts'
import type { ReadableEvent } from './event.ts'
import type { Webhook } from './webhook.ts'

/** A test event as its webhook's format tells it. Pure. */
export type RenderTest = (event: ReadableEvent, webhook: Webhook) => { topic: string; body: string }

/**
 * Queues an event `webhook.test` for one webhook, whatever its topics. It stands in no log but the webhook's own. A disabled
 * webhook gets it once it is enabled.
 *
 * @throws WebhookNotFound
 */
export async function sendTestEvent(
  deps: { unitOfWork: UnitOfWork; clock: Clock; ids: Ids; renderTest: RenderTest },
  command: { actor: Actor; economyId: string; webhookId: string },
): Promise<Delivery> {
  const { actor, economyId, webhookId } = command
  const { tenantId } = actor
  return deps.unitOfWork(tenantId, async (tx) => {
    const webhook = await tx.webhooks.find(economyId, webhookId)
    if (!webhook) throw new WebhookNotFound()
    const event: ReadableEvent = {
      id: deps.ids.next(),
      tenantId,
      economyId,
      topic: 'webhook.test',
      subjectId: webhookId,
      payload: {},
      createdAt: deps.clock.now(),
    }
    const told = deps.renderTest(event, webhook)
    await tx.webhooks.queue(webhook, { eventId: event.id, subjectId: webhookId, ...told })
    const delivery = await tx.webhooks.findDelivery(webhook, event.id)
    if (!delivery) throw new WebhookDeliveryNotFound()
    return delivery
  })
}
