import type { UnitOfWork } from '../unit-of-work.ts'
import type { AcceptRequest } from './accept-transactions.ts'
import { type Acceptor, onlyItem } from './acceptor.ts'

/** The payment that a request comes to as things stand now, with what comes into being with it. */
export type Prepared = Pick<AcceptRequest, 'items' | 'attachment'>

/** Of a request whose key is taken: the acceptor has its answer. No type has this name, so it can lead to nothing else. */
const TAKEN: Prepared = {
  items: [
    { type: { name: '' }, fromUserId: null, toUserId: null, amount: '0', commission: null, metadata: {} },
  ],
}

/**
 * Accepts the one payment that `prepare` makes of a request. The same key again finds what the first request did, whatever
 * `prepare` would refuse by now.
 *
 * @throws what `prepare` throws, and whatever an execution is refused with
 */
export async function acceptPrepared(
  deps: { unitOfWork: UnitOfWork; acceptor: Pick<Acceptor, 'submit'> },
  request: Pick<AcceptRequest, 'tenantId' | 'economyId' | 'idempotency'>,
  prepare: () => Promise<Prepared>,
): Promise<{ transactionId: string; replayed: boolean }> {
  const wanted = (await isKeyTaken(deps.unitOfWork, request)) ? TAKEN : await prepare()
  const { item, replayed } = onlyItem(await deps.acceptor.submit({ ...request, ...wanted, dryRun: false }))
  return { transactionId: item.accepted.id, replayed }
}

async function isKeyTaken(
  unitOfWork: UnitOfWork,
  { tenantId, economyId, idempotency }: Pick<AcceptRequest, 'tenantId' | 'economyId' | 'idempotency'>,
): Promise<boolean> {
  if (!idempotency) return false
  return unitOfWork(tenantId, async (tx) => (await tx.idempotency.find(economyId, idempotency.key)) !== null)
}
