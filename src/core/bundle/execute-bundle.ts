import type { LoadEconomyConfig } from '../rule/economy-config.ts'
import { ensureTransactionType } from '../rule/ensure-transaction-type.ts'
import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import type { AcceptRequest } from '../transaction/accept-transactions.ts'
import { type Acceptor, requireAccepted } from '../transaction/acceptor.ts'
import { requireAcceptable } from '../transaction/require-acceptable.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { BundleRule, MetaProperty } from './bundle.ts'

export interface ExecuteBundle {
  actor: Actor
  economyId: string
  rule: BundleRule
  call: Readonly<Record<string, unknown>>
  meta: MetaProperty
  /** From the company, in base units. At most BUNDLE_MEMBERS_MAX. */
  transfers: readonly { toUserId: string; amount: bigint }[]
  idempotency: AcceptRequest['idempotency']
}

/** By which bundles are executed. */
const TYPE_NAME = 'ost v2 transfer'

/**
 * Pays several users from the company, all of them or none: one row groups the transactions, written in the database transaction
 * that accepts them.
 *
 * @returns the bundle's id; null when the key was used before, so that nothing was done now
 * @throws whatever an execution is refused with
 */
export async function executeBundle(
  deps: {
    unitOfWork: UnitOfWork
    loadEconomyConfig: LoadEconomyConfig
    acceptor: Pick<Acceptor, 'submit'>
    clock: Clock
    ids: Ids
  },
  command: ExecuteBundle,
): Promise<string | null> {
  const { actor, economyId, rule, call, meta, transfers, idempotency } = command
  const items = transfers.map(({ toUserId, amount }) => ({
    type: { name: TYPE_NAME },
    fromUserId: null,
    toUserId,
    amount: amount.toString(),
    commission: null,
    metadata: { ...meta },
  }))
  const request = { tenantId: actor.tenantId, economyId, items }
  const type = { name: TYPE_NAME, kind: 'company_to_user', currency: 'token' } as const
  await ensureTransactionType(deps, { actor, economyId, ...type }, async (draft) =>
    requireAcceptable(deps.acceptor, request, { type: draft }),
  )
  const id = deps.ids.next()
  const result = await deps.acceptor.submit({
    ...request,
    idempotency,
    dryRun: false,
    attachment: { kind: 'bundle', bundle: { id, rule, call, meta } },
  })
  if ('error' in result) throw result.error
  if (result.replayed) return null
  requireAccepted(result.items)
  return id
}
