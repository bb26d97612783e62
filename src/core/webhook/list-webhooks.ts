import type { Page, PageRequest } from '../shared/page.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { Webhook, WebhookFormat } from './webhook.ts'

/** An economy's webhooks, without deleted ones. */
export async function listWebhooks(
  deps: { unitOfWork: UnitOfWork },
  query: { tenantId: string; economyId: string; page: PageRequest; format?: WebhookFormat },
): Promise<Page<Webhook>> {
  return deps.unitOfWork(query.tenantId, (tx) => {
    const { format } = query
    return tx.webhooks.list(query.economyId, query.page, { ...(format && { format }) })
  })
}
