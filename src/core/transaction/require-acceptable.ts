import type { AcceptRequest, Drafts } from './accept-transactions.ts'
import { type Acceptor, requireAccepted } from './acceptor.ts'

/**
 * Asks the acceptor what it would say, before what the items need is made for them: a refusal leaves nothing behind.
 *
 * @throws whatever an execution is refused with
 */
export async function requireAcceptable(
  acceptor: Pick<Acceptor, 'submit'>,
  request: Pick<AcceptRequest, 'tenantId' | 'economyId' | 'items'>,
  drafts: Drafts,
): Promise<void> {
  const result = await acceptor.submit({ ...request, idempotency: null, dryRun: true, drafts })
  if ('error' in result) throw result.error
  requireAccepted(result.items)
}
