import type { LoadEconomyConfig } from '../rule/economy-config.ts'
import { ensureTransactionType } from '../rule/ensure-transaction-type.ts'
import { type FiatCurrency, parseFiat } from '../rule/currency.ts'
import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import type { AcceptRequest } from '../transaction/accept-transactions.ts'
import { acceptPrepared } from '../transaction/accept-prepared.ts'
import type { Acceptor } from '../transaction/acceptor.ts'
import { requireAcceptable } from '../transaction/require-acceptable.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { NotRedeemable, RedemptionNotFound, SkuInactive, SkuNotFound } from './errors.ts'
import type { RedeemableSku, Redemption } from './redemption.ts'

export interface RedeemSku {
  actor: Actor
  economyId: string
  userId: string
  skuId: string
  countryIsoCode: string
  /** Fiat, one of the SKU's amounts in the country. */
  amount: string
  email: string | null
  idempotency: AcceptRequest['idempotency']
}

interface Deps {
  unitOfWork: UnitOfWork
  loadEconomyConfig: LoadEconomyConfig
  acceptor: Pick<Acceptor, 'submit'>
  clock: Clock
  ids: Ids
}

/**
 * Orders a SKU for a managed user and pays for it: the user's tokens, worth the amount at the price of the moment, go to the
 * company. The order is written in the database transaction that accepts the payment, so neither is there without the other;
 * the same key again finds both.
 *
 * @throws SkuNotFound, SkuInactive, NotRedeemable
 * @throws whatever an execution is refused with
 */
export async function redeemSku(
  deps: Deps,
  command: RedeemSku,
): Promise<{ redemption: Redemption; replayed: boolean }> {
  const { actor, economyId, userId, skuId, countryIsoCode, email, idempotency } = command
  const { tenantId } = actor
  const request = { tenantId, economyId, idempotency }
  const { transactionId, replayed } = await acceptPrepared(deps, request, async () => {
    const { name, currency, amount } = await findOffer(deps, command)
    const id = deps.ids.next()
    const payment = {
      type: { name },
      fromUserId: userId,
      toUserId: null,
      amount,
      commission: null,
      metadata: { redemption_id: id },
    }
    const type = { name, kind: 'user_to_company', currency } as const
    await ensureTransactionType(deps, { actor, economyId, ...type }, async (draft) =>
      requireAcceptable(deps.acceptor, { tenantId, economyId, items: [payment] }, { type: draft }),
    )
    const redemption = {
      id,
      userId,
      skuId,
      amountFiat: amount,
      countryIsoCode,
      currencyIsoCode: currency,
      email,
      createdAt: deps.clock.now(),
    }
    return { items: [payment], attachment: { kind: 'redemption', redemption } }
  })
  const redemption = await deps.unitOfWork(tenantId, (tx) =>
    tx.redemptions.findByTransaction(economyId, transactionId),
  )
  if (!redemption) throw new RedemptionNotFound()
  return { redemption, replayed }
}

/** By which redemptions are paid, per currency. */
const TYPE_OF: Record<FiatCurrency, string> = {
  USD: 'redemption in USD',
  EUR: 'redemption in EUR',
  GBP: 'redemption in GBP',
}

interface Offer {
  /** Of the transaction type that pays. */
  name: string
  currency: FiatCurrency
  amount: string
}

/** What is ordered, as it is on offer now. */
async function findOffer(deps: Deps, command: RedeemSku): Promise<Offer> {
  const { actor, economyId, skuId } = command
  return deps.unitOfWork(actor.tenantId, async (tx) => {
    const sku = await tx.redemptions.findSku(economyId, skuId)
    if (!sku) throw new SkuNotFound('/sku_id')
    if (sku.status !== 'active') throw new SkuInactive()
    return offerOf(sku, command.countryIsoCode, command.amount)
  })
}

function offerOf(sku: RedeemableSku, countryIsoCode: string, amount: string): Offer {
  const available = sku.availability.find((offer) => offer.countryIsoCode === countryIsoCode)
  if (!available) throw new NotRedeemable('/country_iso_code', 'is no country in which this SKU is to be had')
  const wanted = parseFiat(amount)
  if (wanted === undefined || !available.denominations.includes(wanted)) {
    const offered = available.denominations.join(', ')
    throw new NotRedeemable(
      '/amount',
      `must be one of the SKU's amounts in this country: ${offered} ${available.currencyIsoCode}`,
    )
  }
  const currency = available.currencyIsoCode
  return { name: TYPE_OF[currency], currency, amount: wanted }
}
