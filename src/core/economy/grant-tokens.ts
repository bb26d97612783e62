import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import { DomainError } from '../shared/errors.ts'
import type { BaseUnits } from '../shared/money.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { FAUCET_GRANT_MAX } from './economy.ts'
import { EconomyNotFound, EconomyStateConflict, ProductionNotAvailable } from './errors.ts'
import type { Faucet } from './faucet.ts'

/** A grant on its way to the chain. The company's balance shows it once its block is indexed. */
export interface QueuedTokenGrant {
  id: string
  economyId: string
  laneId: string
  amount: BaseUnits
  createdAt: Date
}

interface Deps {
  unitOfWork: UnitOfWork
  faucet: Faucet
  clock: Clock
  ids: Ids
}

/**
 * Queues a grant of play money to a sandbox economy's company. The faucet contract has the last word on its caps.
 *
 * @throws EconomyNotFound, ProductionNotAvailable, EconomyStateConflict
 * @throws DomainError `invalid_amount` outside 1 … the faucet's cap
 */
export async function grantTokens(
  deps: Deps,
  command: { actor: Actor; economyId: string; amount: BaseUnits },
): Promise<QueuedTokenGrant> {
  const { actor, economyId, amount } = command
  if (amount < 1n || amount > FAUCET_GRANT_MAX) throw new InvalidGrant()
  return deps.unitOfWork(actor.tenantId, async (tx) => {
    const economy = await tx.economies.find(economyId)
    if (!economy) throw new EconomyNotFound()
    if (economy.environment !== 'sandbox') throw new ProductionNotAvailable()
    if (economy.status !== 'active') throw new EconomyStateConflict(economy.status, 'active')
    const company = await tx.economies.companyAddress(economyId)
    const call = deps.faucet.grantCall(economy.chainId, economy.tokenAddress, company, amount)
    const grant: QueuedTokenGrant = {
      id: deps.ids.next(),
      economyId,
      laneId: economy.laneId,
      amount,
      createdAt: deps.clock.now(),
    }
    await tx.economies.queueGrant({ id: grant.id, economy, call, at: grant.createdAt })
    await tx.outbox.append({
      tenantId: actor.tenantId,
      economyId,
      topic: 'token_grant.queued',
      subjectId: grant.id,
    })
    await tx.audit.append(
      auditEntry(deps, actor, {
        action: 'economy.tokens_granted',
        subjectType: 'economy',
        subjectId: economyId,
        details: { amount: amount.toString(), submission_id: grant.id },
      }),
    )
    return grant
  })
}

class InvalidGrant extends DomainError {
  constructor() {
    const detail = `must be from 1 to ${FAUCET_GRANT_MAX} base units`
    super('invalid_amount', `A grant ${detail}.`, {}, [{ pointer: '/amount', detail }])
  }
}
