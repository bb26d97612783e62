import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import { InvalidRequest } from '../shared/errors.ts'
import type { Metadata } from '../shared/metadata.ts'
import type { BaseUnits } from '../shared/money.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { Environment } from '../tenant/tenant.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { type AddressBook, userSalt } from './address-book.ts'
import { DEPLOYMENT_STEPS, defaultInitialGrant, type Economy, FAUCET_GRANT_MAX } from './economy.ts'
import { NoChainAvailable, ProductionNotAvailable } from './errors.ts'

export interface CreateEconomy {
  actor: Actor
  name: string
  symbol: string
  decimals: number
  environment: Environment
  /** Base units; absent: a million whole tokens. */
  initialGrant?: BaseUnits
  metadata: Metadata
}

interface Deps {
  unitOfWork: UnitOfWork
  addressBook: AddressBook
  clock: Clock
  ids: Ids
}

/**
 * Creates an economy in status `deploying`, with its company user, wallet and account. Its addresses follow from its id, so
 * everything but the chain's own part is in place at once; the deployment is a job that the event `economy.created` starts.
 *
 * Atomic: on any error nothing exists.
 * @throws ProductionNotAvailable, InvalidRequest, NoChainAvailable, EconomySymbolTaken
 */
export async function createEconomy(deps: Deps, command: CreateEconomy): Promise<Economy> {
  const { actor, name, symbol, decimals, environment, metadata } = command
  if (environment === 'production') throw new ProductionNotAvailable()
  const initialGrant = command.initialGrant ?? defaultInitialGrant(decimals)
  if (initialGrant > FAUCET_GRANT_MAX) {
    throw new InvalidRequest([
      { pointer: '/initial_grant', detail: `is more than the faucet grants: ${FAUCET_GRANT_MAX}` },
    ])
  }
  return deps.unitOfWork(actor.tenantId, async (tx) => {
    const berth = await tx.economies.findBerth()
    if (!berth) throw new NoChainAvailable()
    const now = deps.clock.now()
    const id = deps.ids.next()
    const companyUserId = deps.ids.next()
    const salt = userSalt(companyUserId)
    const { token, tokenRules } = deps.addressBook.predictToken(berth.chainId, id)
    const economy: Economy = {
      id,
      name,
      symbol,
      decimals,
      environment,
      status: 'deploying',
      failureReason: null,
      ...berth,
      tokenAddress: token,
      tokenRulesAddress: tokenRules,
      companyUserId,
      initialGrant,
      metadata,
      steps: DEPLOYMENT_STEPS.map((step) => ({
        name: step,
        status: 'pending',
        detail: null,
        startedAt: null,
        finishedAt: null,
      })),
      createdAt: now,
      updatedAt: now,
    }
    const address = deps.addressBook.holderAddress(berth.chainId, token, salt)
    await tx.economies.insert(economy, { userId: companyUserId, address, salt })
    await tx.outbox.append({
      tenantId: actor.tenantId,
      economyId: id,
      topic: 'economy.created',
      subjectId: id,
    })
    await tx.audit.append(
      auditEntry(deps, actor, {
        action: 'economy.created',
        subjectType: 'economy',
        subjectId: id,
        details: { name, symbol, decimals, environment, initial_grant: initialGrant.toString() },
      }),
    )
    return economy
  })
}
