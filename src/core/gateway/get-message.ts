import type { UnitOfWork } from '../unit-of-work.ts'
import { messageNotFound } from './errors.ts'
import type { MessageKind, MessageWithBacking } from './message.ts'

/** One stake or unstake of the economy, with the backing it is for. @throws StakeNotFound, UnstakeNotFound */
export async function getMessage(
  deps: { unitOfWork: UnitOfWork },
  query: { tenantId: string; economyId: string; kind: MessageKind; messageId: string },
): Promise<MessageWithBacking> {
  const { tenantId, economyId, kind, messageId } = query
  return deps.unitOfWork(tenantId, async (tx) => {
    const message = await tx.messages.find(economyId, kind, messageId)
    const backing = message && (await tx.backings.find(economyId))
    if (!message || !backing) throw messageNotFound(kind)
    return { message, backing }
  })
}
