import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import { InvalidRequest } from '../shared/errors.ts'
import type { Page, PageRequest } from '../shared/page.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { WebhookNotFound } from './errors.ts'
import type { Replay, ReplayScope } from './replay.ts'

/**
 * Asks for the events of a range of time to be sent to a webhook again, with their ids. A worker goes through the log and
 * queues them: what the webhook missed while it was disabled, what was given up, and with scope `all` what it took too.
 * Safe to ask for twice: an event that waits already is not queued again.
 *
 * @throws WebhookNotFound, InvalidRequest when the range is empty
 */
export async function requestReplay(
  deps: { unitOfWork: UnitOfWork; clock: Clock; ids: Ids },
  command: {
    actor: Actor
    economyId: string
    webhookId: string
    from: Date
    /** Null: now. */
    to: Date | null
    scope: ReplayScope
  },
): Promise<Replay> {
  const { actor, economyId, webhookId, from, scope } = command
  const now = deps.clock.now()
  const to = command.to ?? now
  if (from >= to)
    throw new InvalidRequest([{ pointer: '/from', detail: 'must be before the end of the range' }])
  const id = deps.ids.next()
  const replay: Replay = {
    id,
    webhookId,
    from,
    to,
    scope,
    status: 'running',
    queued: 0,
    createdAt: now,
    endedAt: null,
  }
  return deps.unitOfWork(actor.tenantId, async (tx) => {
    const webhook = await tx.webhooks.find(economyId, webhookId)
    if (!webhook) throw new WebhookNotFound()
    await tx.webhooks.insertReplay(webhook, replay)
    await tx.audit.append(
      auditEntry(deps, actor, {
        action: 'webhook.replay_requested',
        subjectType: 'webhook',
        subjectId: webhookId,
        details: { replay_id: id, from, to, scope },
      }),
    )
    return replay
  })
}

/** A webhook's replays, newest first unless asked otherwise. @throws WebhookNotFound */
export async function listReplays(
  deps: { unitOfWork: UnitOfWork },
  query: { tenantId: string; economyId: string; webhookId: string; page: PageRequest },
): Promise<Page<Replay>> {
  return deps.unitOfWork(query.tenantId, async (tx) => {
    const webhook = await tx.webhooks.find(query.economyId, query.webhookId)
    if (!webhook) throw new WebhookNotFound()
    return tx.webhooks.listReplays(webhook, query.page)
  })
}
