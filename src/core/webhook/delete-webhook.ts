import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { WebhookNotFound } from './errors.ts'

/** Ends a webhook for good: nothing more is sent to it, and it is no longer shown. @throws WebhookNotFound */
export async function deleteWebhook(
  deps: { unitOfWork: UnitOfWork; clock: Clock; ids: Ids },
  command: { actor: Actor; economyId: string; webhookId: string },
): Promise<void> {
  const { actor, economyId, webhookId } = command
  await deps.unitOfWork(actor.tenantId, async (tx) => {
    const webhook = await tx.webhooks.lock(economyId, webhookId)
    if (!webhook) throw new WebhookNotFound()
    await tx.webhooks.delete(economyId, webhookId, deps.clock.now())
    await tx.audit.append(
      auditEntry(deps, actor, {
        action: 'webhook.deleted',
        subjectType: 'webhook',
        subjectId: webhookId,
        details: { url: webhook.url },
      }),
    )
  })
}
