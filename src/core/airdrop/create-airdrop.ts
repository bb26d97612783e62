import type { LoadEconomyConfig } from '../rule/economy-config.ts'
import { TransactionTypeArchived, TransactionTypeNotFound } from '../rule/errors.ts'
import { priceTransaction } from '../rule/price-transaction.ts'
import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import { InvalidRequest } from '../shared/errors.ts'
import type { Metadata } from '../shared/metadata.ts'
import { EconomyNotActive } from '../transaction/errors.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { Airdrop, AirdropWithProgress, Recipients } from './airdrop.ts'
import type { RecipientCount } from './airdrop-store.ts'
import { AirdropOverBudget, NoAirdropType, NoRecipients } from './errors.ts'

export interface CreateAirdrop {
  actor: Actor
  economyId: string
  /** The type by its id or by its name; of kind company_to_user. */
  type: { id: string } | { name: string }
  /** As text in the type's currency; null where the type fixes it. */
  amount: string | null
  recipients: Recipients
  metadata: Metadata
}

interface Deps {
  unitOfWork: UnitOfWork
  loadEconomyConfig: LoadEconomyConfig
  clock: Clock
  ids: Ids
  priceMaxAgeMs: number
}

/**
 * Queues an airdrop; a job then turns it into transactions, chunk by chunk. Whether the company can pay everybody is checked
 * here and nothing is reserved: transactions that find the company without funds later are refused one by one.
 *
 * Atomic: on any error nothing is queued.
 * @throws EconomyNotActive, TransactionTypeNotFound, TransactionTypeArchived, NoAirdropType
 * @throws InvalidAmount, PriceMissing, PriceStale
 * @throws InvalidRequest naming listed users that are not there; NoRecipients, AirdropOverBudget
 */
export async function createAirdrop(deps: Deps, command: CreateAirdrop): Promise<AirdropWithProgress> {
  const { actor, economyId, recipients } = command
  const config = await deps.loadEconomyConfig(actor.tenantId, economyId)
  if (config.status !== 'active') throw new EconomyNotActive(config.status)
  const type =
    'id' in command.type ? config.typesById.get(command.type.id) : config.typesByName.get(command.type.name)
  if (!type) throw new TransactionTypeNotFound()
  if (type.status !== 'active') throw new TransactionTypeArchived()
  if (type.kind !== 'company_to_user') throw new NoAirdropType(type.name, type.kind)
  const now = deps.clock.now()
  const { amount } = priceTransaction({
    type,
    amount: command.amount,
    price: type.currency === 'token' ? undefined : config.prices.get(type.currency),
    tokenDecimals: config.decimals,
    now,
    priceMaxAgeMs: deps.priceMaxAgeMs,
  })

  return deps.unitOfWork(actor.tenantId, async (tx) => {
    const found = await tx.airdrops.countRecipients(economyId, recipients)
    assertListed(recipients, found)
    if (found.count === 0) throw new NoRecipients()
    const required = amount * BigInt(found.count)
    const available = await tx.airdrops.companyBudget(economyId, config.companyUserId)
    if (required > available) {
      throw new AirdropOverBudget({ recipients: found.count, amount, required, available })
    }
    const airdrop: Airdrop = {
      id: deps.ids.next(),
      tenantId: actor.tenantId,
      economyId,
      typeId: type.id,
      amount,
      amountText: command.amount,
      recipients,
      lastUserId: recipients.kind === 'list' ? null : found.lastUserId,
      status: 'queued',
      failureReason: null,
      total: found.count,
      accepted: 0,
      refused: 0,
      cursor: null,
      metadata: command.metadata,
      createdAt: now,
      endedAt: null,
    }
    await tx.airdrops.insert(airdrop)
    await tx.outbox.append({
      tenantId: actor.tenantId,
      economyId,
      topic: 'airdrop.created',
      subjectId: airdrop.id,
      payload: { total: airdrop.total, amount: amount.toString() },
    })
    return { ...airdrop, progress: { mined: 0, confirmed: 0, failed: 0 } }
  })
}

function assertListed(recipients: Recipients, { unknownIds }: RecipientCount): void {
  if (recipients.kind !== 'list' || unknownIds.length === 0) return
  throw new InvalidRequest(
    unknownIds.map((id) => ({
      pointer: `/recipients/user_ids/${recipients.userIds.indexOf(id)}`,
      detail: 'is no active user of the economy',
    })),
  )
}
