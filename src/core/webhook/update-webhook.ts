import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { InvalidRequest } from '../shared/errors.ts'
import { checkEnabledMax, type NewWebhook } from './create-webhook.ts'
import { WebhookNotFound } from './errors.ts'
import { isEventTopic } from './event-topics.ts'
import { isOstTopic } from './ost-topics.ts'
import { type ReceiverPolicy, receiverUrl } from './receiver-url.ts'
import type { Webhook } from './webhook.ts'

/** What may change; absent fields stay. */
export interface WebhookChange extends Partial<NewWebhook> {
  status?: Webhook['status']
}

/**
 * Changes a webhook. Events that wait for it go to the new address. While it is disabled nothing is sent and nothing new is
 * queued; enabling it sends what still waits, and a replay what it missed.
 *
 * @throws WebhookNotFound, WebhookUrlRefused
 * @throws InvalidRequest topics of the other format, or a new address for a webhook of the OST API: it has none there
 * @throws LimitReached too many enabled ones of the OST API
 */
export async function updateWebhook(
  deps: { unitOfWork: UnitOfWork; clock: Clock; ids: Ids; receivers: ReceiverPolicy },
  command: { actor: Actor; economyId: string; webhookId: string; change: WebhookChange },
): Promise<Webhook> {
  const { actor, economyId, webhookId, change } = command
  const url = change.url === undefined ? undefined : receiverUrl(change.url, deps.receivers)
  return deps.unitOfWork(actor.tenantId, async (tx) => {
    const before = await tx.webhooks.lock(economyId, webhookId)
    if (!before) throw new WebhookNotFound()
    checkFormat(before, change, url)
    const now = deps.clock.now()
    const wanted: Webhook = { ...before, ...change, ...(url !== undefined && { url }), updatedAt: now }
    const after = withStatus(before, wanted, now)
    if (after.format === 'ost-v2' && before.status === 'disabled') await checkEnabledMax(tx, after)
    await tx.webhooks.update(after)
    // A new address, or a new beginning, has not failed yet.
    const startsAnew =
      after.url !== before.url || (after.status === 'enabled' && before.status === 'disabled')
    if (startsAnew) await tx.webhooks.clearFailures(after)
    await tx.audit.append(
      auditEntry(deps, actor, {
        action: 'webhook.updated',
        subjectType: 'webhook',
        subjectId: webhookId,
        details: { before: toDetails(before), after: toDetails(after) },
      }),
    )
    return startsAnew ? { ...after, failures: 0, failingSince: null } : after
  })
}

function checkFormat(before: Webhook, { topics = [] }: WebhookChange, url: string | undefined): void {
  const isOst = before.format === 'ost-v2'
  if (!topics.every(isOst ? isOstTopic : isEventTopic))
    throw new InvalidRequest([
      { pointer: '/topics', detail: `must be topics of the format ${before.format}` },
    ])
  if (isOst && url !== undefined && url !== before.url)
    throw new InvalidRequest([{ pointer: '/url', detail: 'cannot change for a webhook of the OST API' }])
}

function withStatus(before: Webhook, wanted: Webhook, now: Date): Webhook {
  if (wanted.status === before.status) return wanted
  if (wanted.status === 'enabled') return { ...wanted, disabledReason: null, disabledAt: null }
  return { ...wanted, disabledReason: 'owner', disabledAt: now }
}

function toDetails({ url, description, topics, mode, status }: Webhook) {
  return { url, description, topics, mode, status }
}
