import type { Clock, Ids } from '../shared/clock.ts'
import type { Observer } from '../shared/observer.ts'
import { DISABLE_AFTER_MS } from './backoff.ts'
import type { DeliveryPlaces } from './delivery-places.ts'
import type { DeliveryQueue, LeasedWebhook } from './delivery-queue.ts'
import { DeliveryRun } from './delivery-run.ts'
import type { WebhookSender } from './webhook-sender.ts'

/** Longer than a run and its last try may take. A worker that died leaves the webhook to others after this. */
const LEASE_MS = 15_000

/** Places where a process may die. Whatever happens there, the event is sent again with the same id, or is recorded. */
export type DeliveryPoint = 'webhook_sent' | 'webhook_recorded'

export interface DeliverDeps {
  queue: DeliveryQueue
  sender: WebhookSender
  /** An event's id as receivers see it: the same on every try. */
  messageId: (eventId: string) => string
  places: DeliveryPlaces
  clock: Clock
  ids: Ids
  observer: Observer
  /** From 0 to 1. */
  chance: () => number
  /** Called at each named point; a test that throws there (or kills the process) simulates a crash. */
  reach?: (point: DeliveryPoint) => void | Promise<void>
}

/**
 * Sends one webhook what is due, for a few seconds at most.
 *
 * At least once: what was sent is recorded after the answer, so a worker that dies in between leaves it to be sent again,
 * with the same id. One worker at a time sends to a webhook (a lease in the database); whoever comes meanwhile goes away.
 * @returns `more` when the run ended at its bound. @throws when the database cannot be reached
 */
export async function deliverWebhooks(
  deps: DeliverDeps,
  webhookId: string,
  signal: AbortSignal,
): Promise<'more' | 'done'> {
  const webhook = await deps.queue.lease(webhookId, deps.ids.next(), LEASE_MS)
  if (!webhook) return 'done'
  const giveBack = deps.places.take(webhook.tenantId)
  try {
    // The sweeper comes back to it in a second.
    if (!giveBack) return 'done'
    const run = new DeliveryRun(deps, webhook, signal)
    const ending = await run.toEnd()
    if (run.isGone) await disable(deps, webhook, 'gone')
    else if (run.failingForMs >= DISABLE_AFTER_MS) await disable(deps, webhook, 'failing')
    return ending
  } finally {
    giveBack?.()
    await deps.queue.release(webhook)
  }
}

async function disable(deps: DeliverDeps, webhook: LeasedWebhook, reason: 'gone' | 'failing'): Promise<void> {
  await deps.queue.disable(webhook, reason)
  const { id: webhookId, economyId, tenantId } = webhook
  deps.observer.count('webhooks_disabled_total', { reason })
  deps.observer.log('warn', 'webhook.disabled', { webhookId, economyId, tenantId, reason })
}
