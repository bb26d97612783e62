import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { Delivery } from './delivery.ts'
import { WebhookDeliveryNotFound, WebhookNotFound } from './errors.ts'

/**
 * Sends an event again, with the same id and body, whether it was taken or given up. Repeating while it waits changes
 * nothing. A disabled webhook gets it once it is enabled.
 *
 * @throws WebhookNotFound, WebhookDeliveryNotFound
 */
export async function redeliverEvent(
  deps: { unitOfWork: UnitOfWork; clock: Clock; ids: Ids },
  command: { actor: Actor; economyId: string; webhookId: string; eventId: string },
): Promise<Delivery> {
  const { actor, economyId, webhookId, eventId } = command
  return deps.unitOfWork(actor.tenantId, async (tx) => {
    const webhook = await tx.webhooks.find(economyId, webhookId)
    if (!webhook) throw new WebhookNotFound()
    if (!(await tx.webhooks.redeliver(webhook, eventId))) throw new WebhookDeliveryNotFound()
    const delivery = await tx.webhooks.findDelivery(webhook, eventId)
    if (!delivery) throw new WebhookDeliveryNotFound()
    await tx.audit.append(
      auditEntry(deps, actor, {
        action: 'webhook.event_redelivered',
        subjectType: 'webhook',
        subjectId: webhookId,
        details: { event_id: eventId },
      }),
    )
    return delivery
  })
}
