import { EconomyNotFound } from '../economy/errors.ts'
import { LimitReached } from '../rule/errors.ts'
import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { EventTopic } from './event-topics.ts'
import { type ReceiverPolicy, receiverUrl } from './receiver-url.ts'
import { newSecret } from './signature.ts'
import { type DeliveryMode, type IssuedWebhook, type Webhook, WEBHOOKS_MAX } from './webhook.ts'

export interface NewWebhook {
  url: string
  description: string | null
  topics: readonly EventTopic[]
  mode: DeliveryMode
}

/**
 * Registers a receiver. It is told of what happens from now on; its secret is in this answer only.
 *
 * @throws EconomyNotFound, WebhookUrlRefused
 * @throws LimitReached at {@link WEBHOOKS_MAX}
 */
export async function createWebhook(
  deps: { unitOfWork: UnitOfWork; clock: Clock; ids: Ids; receivers: ReceiverPolicy },
  command: { actor: Actor; economyId: string; webhook: NewWebhook },
): Promise<IssuedWebhook> {
  const { actor, economyId } = command
  const { url, description, topics, mode } = command.webhook
  const now = deps.clock.now()
  const webhook: Webhook = {
    id: deps.ids.next(),
    tenantId: actor.tenantId,
    economyId,
    url: receiverUrl(url, deps.receivers),
    description,
    topics: [...new Set(topics)],
    mode,
    status: 'enabled',
    disabledReason: null,
    disabledAt: null,
    previousSecretExpiresAt: null,
    failures: 0,
    failingSince: null,
    createdAt: now,
    updatedAt: now,
  }
  const secret = newSecret()
  return deps.unitOfWork(actor.tenantId, async (tx) => {
    if (!(await tx.economies.find(economyId))) throw new EconomyNotFound()
    if ((await tx.webhooks.count(economyId)) >= WEBHOOKS_MAX) throw new LimitReached('webhooks', WEBHOOKS_MAX)
    await tx.webhooks.insert(webhook, secret)
    await tx.audit.append(
      auditEntry(deps, actor, {
        action: 'webhook.created',
        subjectType: 'webhook',
        subjectId: webhook.id,
        details: { url: webhook.url, topics: webhook.topics, mode },
      }),
    )
    return { webhook, secret }
  })
}
