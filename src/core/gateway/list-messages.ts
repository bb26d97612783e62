import type { Page, PageRequest } from '../shared/page.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { MessageKind, MessageWithBacking } from './message.ts'

/** A page of the economy's stakes or unstakes. Empty where its token is not backed by any. */
export async function listMessages(
  deps: { unitOfWork: UnitOfWork },
  query: { tenantId: string; economyId: string; kind: MessageKind; page: PageRequest },
): Promise<Page<MessageWithBacking>> {
  const { tenantId, economyId, kind, page } = query
  return deps.unitOfWork(tenantId, async (tx) => {
    const backing = await tx.backings.find(economyId)
    if (!backing) return { rows: [], nextAfter: null }
    const messages = await tx.messages.list(economyId, kind, page)
    return { ...messages, rows: messages.rows.map((message) => ({ message, backing })) }
  })
}
