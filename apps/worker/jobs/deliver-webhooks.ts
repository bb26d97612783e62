import type { JobHandler } from '#adapters/bullmq/workers.ts'
import { type DeliverDeps, deliverWebhooks } from '#core/webhook/deliver-webhooks.ts'

/** Sends a webhook what is due. */
export function deliverWebhooksJob(deps: DeliverDeps): JobHandler {
  return async (webhookId, signal) =>
    (await deliverWebhooks(deps, webhookId, signal)) === 'more' ? 'again' : undefined
}
