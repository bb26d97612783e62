import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { WebhookNotFound } from './errors.ts'
import { newSecret } from './signature.ts'
import type { IssuedWebhook } from './webhook.ts'

/**
 * Gives a webhook a new secret, shown in this answer only. For `overlapSeconds` deliveries carry two signatures, by the new
 * secret and by the one before it, so that the receiver can change over without a gap. An older one ends at once. Webhooks in
 * the format of the OST API v2 share one secret per economy: it is replaced for all of them.
 *
 * @throws WebhookNotFound
 */
export async function rotateWebhookSecret(
  deps: { unitOfWork: UnitOfWork; clock: Clock; ids: Ids },
  command: { actor: Actor; economyId: string; webhookId: string; overlapSeconds: number },
): Promise<IssuedWebhook> {
  const { actor, economyId, webhookId, overlapSeconds } = command
  const now = deps.clock.now()
  const previousUntil = new Date(now.getTime() + overlapSeconds * 1_000)
  return deps.unitOfWork(actor.tenantId, async (tx) => {
    const webhook = await tx.webhooks.lock(economyId, webhookId)
    if (!webhook) throw new WebhookNotFound()
    const secret = newSecret(webhook.format)
    await tx.webhooks.replaceSecret(webhook, secret, previousUntil)
    await tx.audit.append(
      auditEntry(deps, actor, {
        action: 'webhook.secret_rotated',
        subjectType: 'webhook',
        subjectId: webhookId,
        details: { previous_secret_expires_at: previousUntil },
      }),
    )
    return { webhook: { ...webhook, previousSecretExpiresAt: previousUntil }, secret }
  })
}
