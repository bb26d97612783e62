import { EconomyNotFound } from '../economy/errors.ts'
import { LimitReached } from '../rule/errors.ts'
import type { Stores } from '../stores.ts'
import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { type ReceiverPolicy, receiverUrl } from './receiver-url.ts'
import { newSecret } from './signature.ts'
import {
  type DeliveryMode,
  type IssuedWebhook,
  OST_WEBHOOKS_ENABLED_MAX,
  type Webhook,
  type WebhookFormat,
  type WebhookTopic,
  WEBHOOKS_MAX,
} from './webhook.ts'

export interface NewWebhook {
  url: string
  description: string | null
  /** Of its format. */
  topics: readonly WebhookTopic[]
  mode: DeliveryMode
}

/** In which format it is told, and whether from the start; absent: ours, and it is. */
interface Beginning {
  format?: WebhookFormat
  status?: Webhook['status']
}

/**
 * Registers a receiver. It is told of what happens from now on; its secret is in this answer only. Webhooks in the format of
 * the OST API v2 have one secret per economy: the answer holds the one that those before it have.
 *
 * @throws EconomyNotFound, WebhookUrlRefused
 * @throws WebhookUrlTaken another one of the OST API has the address
 * @throws LimitReached at {@link WEBHOOKS_MAX}, or {@link OST_WEBHOOKS_ENABLED_MAX}
 */
export async function createWebhook(
  deps: { unitOfWork: UnitOfWork; clock: Clock; ids: Ids; receivers: ReceiverPolicy },
  command: { actor: Actor; economyId: string; webhook: NewWebhook & Beginning },
): Promise<IssuedWebhook> {
  const { actor, economyId } = command
  const { url, description, topics, mode, format = 'v3', status = 'enabled' } = command.webhook
  const now = deps.clock.now()
  const webhook: Webhook = {
    id: deps.ids.next(),
    tenantId: actor.tenantId,
    economyId,
    url: receiverUrl(url, deps.receivers),
    description,
    format,
    topics: [...new Set(topics)],
    mode,
    status,
    disabledReason: status === 'enabled' ? null : 'owner',
    disabledAt: status === 'enabled' ? null : now,
    previousSecretExpiresAt: null,
    failures: 0,
    failingSince: null,
    createdAt: now,
    updatedAt: now,
  }
  return deps.unitOfWork(actor.tenantId, async (tx) => {
    if (!(await tx.economies.find(economyId))) throw new EconomyNotFound()
    if ((await tx.webhooks.count(economyId)) >= WEBHOOKS_MAX) throw new LimitReached('webhooks', WEBHOOKS_MAX)
    if (format === 'ost-v2') await checkEnabledMax(tx, webhook)
    const secret = await tx.webhooks.insert(webhook, newSecret(format))
    await tx.audit.append(
      auditEntry(deps, actor, {
        action: 'webhook.created',
        subjectType: 'webhook',
        subjectId: webhook.id,
        details: { url: webhook.url, format, topics: webhook.topics, mode },
      }),
    )
    return { webhook, secret }
  })
}

/** One at a time for an economy, so that two cannot both be the last. @throws LimitReached */
export async function checkEnabledMax(tx: Pick<Stores, 'webhooks'>, webhook: Webhook): Promise<void> {
  if (webhook.status !== 'enabled') return
  const others = await tx.webhooks.lockEnabledOst(webhook.economyId)
  if (others.filter((id) => id !== webhook.id).length >= OST_WEBHOOKS_ENABLED_MAX)
    throw new LimitReached('enabled webhooks of the OST API', OST_WEBHOOKS_ENABLED_MAX)
}
