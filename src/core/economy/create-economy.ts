import type { Actor } from '../shared/actor.ts'
import type { Rate } from '../gateway/backing.ts'
import type { PairForEconomy } from '../gateway/backing-store.ts'
import type { GatewayCalls } from '../gateway/gateway-calls.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import { InvalidRequest } from '../shared/errors.ts'
import type { Metadata } from '../shared/metadata.ts'
import type { BaseUnits } from '../shared/money.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { Environment } from '../tenant/tenant.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { type AddressBook, userSalt } from './address-book.ts'
import { defaultInitialGrant, type Economy, FAUCET_GRANT_MAX, STEPS_OF } from './economy.ts'
import { NoChainAvailable, ProductionNotAvailable } from './errors.ts'

export interface CreateEconomy {
  actor: Actor
  name: string
  symbol: string
  decimals: number
  environment: Environment
  /** Sandbox only. Base units; absent: a million whole tokens. */
  initialGrant?: BaseUnits
  /** Production only: whole tokens for one whole value token, fixed for good. */
  rate?: Rate
  metadata: Metadata
}

interface Deps {
  unitOfWork: UnitOfWork
  addressBook: AddressBook
  gatewayCalls: Pick<GatewayCalls, 'termsId'>
  clock: Clock
  ids: Ids
}

/**
 * Creates an economy in status `deploying`, with its company user, wallet and account. Its addresses follow from its id, so
 * everything but the chain's own part is in place at once; the deployment is a job that the event `economy.created` starts.
 *
 * A production economy's token can be minted by the gateway only, so it is active once a first stake has been minted.
 *
 * Atomic: on any error nothing exists.
 * @throws ProductionNotAvailable, InvalidRequest, NoChainAvailable, EconomySymbolTaken
 */
export async function createEconomy(deps: Deps, command: CreateEconomy): Promise<Economy> {
  const { actor, name, symbol, decimals, environment, metadata } = command
  const initialGrant = initialGrantOf(command)
  return deps.unitOfWork(actor.tenantId, async (tx) => {
    const berth = await tx.economies.findBerth()
    if (!berth) throw new NoChainAvailable()
    const pair = environment === 'production' ? await tx.backings.findPair(berth.chainId) : null
    const rate = rateOf(command, pair)
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
      steps: STEPS_OF[environment].map((step) => ({
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
    if (pair && rate) {
      const terms = {
        ...pair,
        utilityToken: token,
        utilityDecimals: decimals,
        rate: rate.rate,
        rateDecimals: rate.decimals,
      }
      const termsId = deps.gatewayCalls.termsId(terms)
      await tx.backings.insert({ ...terms, economyId: id, termsId, utilityTokenName: name }, now)
    }
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

function initialGrantOf({ environment, decimals, initialGrant }: CreateEconomy): BaseUnits {
  if (environment === 'production') {
    if (initialGrant !== undefined && initialGrant !== 0n)
      throw new InvalidRequest([
        { pointer: '/initial_grant', detail: 'is of the sandbox: production tokens are minted for stakes' },
      ])
    return 0n
  }
  const grant = initialGrant ?? defaultInitialGrant(decimals)
  if (grant > FAUCET_GRANT_MAX)
    throw new InvalidRequest([
      { pointer: '/initial_grant', detail: `is more than the faucet grants: ${FAUCET_GRANT_MAX}` },
    ])
  return grant
}

/** @throws ProductionNotAvailable, InvalidRequest */
function rateOf({ environment, rate }: CreateEconomy, pair: PairForEconomy | null): Rate | null {
  if (environment === 'sandbox') {
    if (rate === undefined) return null
    throw new InvalidRequest([
      { pointer: '/rate', detail: 'is of production: sandbox tokens are backed by nothing' },
    ])
  }
  if (!pair) throw new ProductionNotAvailable()
  if (rate === undefined)
    throw new InvalidRequest([
      { pointer: '/rate', detail: 'is needed in production: whole tokens for one whole value token' },
    ])
  return rate
}
