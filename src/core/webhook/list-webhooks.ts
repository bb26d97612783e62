import type { Page, PageRequest } from '../shared/page.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { Webhook } from './webhook.ts'

/** An economy's webhooks, without deleted ones. */
export async function listWebhooks(
  deps: { unitOfWork: UnitOfWork },
  query: { tenantId: string; economyId: string; page: PageRequest },
): Promise<Page<Webhook>> {
  return deps.unitOfWork(query.tenantId, (tx) => tx.webhooks.list(query.economyId, query.page))
}
