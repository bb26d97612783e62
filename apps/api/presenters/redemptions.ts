import type { RedeemableSku, Redemption } from '#core/redemption/redemption.ts'
import { toWire } from './wire-id.ts'

/** A redeemable SKU as /v3 shows it. */
export function presentSku(sku: RedeemableSku) {
  return {
    object: 'redeemable_sku' as const,
    id: toWire('sku', sku.id),
    number: sku.number,
    name: sku.name,
    description: sku.description,
    images: { ...sku.images },
    availability: sku.availability.map((offer) => ({
      country: offer.country,
      country_iso_code: offer.countryIsoCode,
      currency_iso_code: offer.currencyIsoCode,
      denominations: [...offer.denominations],
    })),
    status: sku.status,
    created_at: sku.createdAt.toISOString(),
    updated_at: sku.updatedAt.toISOString(),
  }
}

/** An order as /v3 shows it. */
export function presentRedemption(redemption: Redemption) {
  return {
    object: 'redemption' as const,
    id: toWire('rdm', redemption.id),
    status: redemption.status,
    user_id: toWire('usr', redemption.userId),
    sku_id: toWire('sku', redemption.skuId),
    transaction_id: toWire('txn', redemption.transactionId),
    amount: redemption.amountFiat,
    currency_iso_code: redemption.currencyIsoCode,
    country_iso_code: redemption.countryIsoCode,
    email: redemption.email,
    created_at: redemption.createdAt.toISOString(),
    decided_at: redemption.decidedAt?.toISOString() ?? null,
  }
}
