import { type BaseUnits, type Decimal, parseDecimal, toUnitsDown } from '../shared/money.ts'
import type { FiatCurrency } from './currency.ts'
import { PriceDeviates, PriceMissing, PriceStale } from './errors.ts'
import type { PricePoint } from './price-point.ts'

/** What conversion needs of a price point. */
export type PriceInForce = Pick<PricePoint, 'price' | 'asOf'> &
  Partial<Pick<PricePoint, 'source' | 'deviates' | 'onChain'>>

/**
 * The price, if it may be used now: there, young enough, and no jump. One of the chain is used no longer than the chain itself
 * uses it, whatever the platform allows (ADR 23).
 * @throws PriceMissing, PriceStale, PriceDeviates
 */
export function usablePrice(
  currency: FiatCurrency,
  price: PriceInForce | undefined,
  { now, priceMaxAgeMs }: { now: Date; priceMaxAgeMs: number },
): PriceInForce {
  if (!price) throw new PriceMissing(currency)
  const isOfChain = price.source === 'chain'
  const asOfMs = price.asOf.getTime()
  const chainMaxAgeMs = price.onChain ? price.onChain.usableUntil.getTime() - asOfMs : Infinity
  const ageMs = now.getTime() - asOfMs
  const maxAgeMs = Math.min(priceMaxAgeMs, chainMaxAgeMs)
  if (ageMs > maxAgeMs) throw new PriceStale(currency, price.asOf, ageMs, maxAgeMs, isOfChain)
  if (price.deviates) throw new PriceDeviates(currency, price.price, price.asOf)
  return price
}

/**
 * Base units that a fiat amount is worth, rounded down, so in the payer's favour by less than one unit. With a price of the chain
 * it is what `PricerRule.tokensFor` says, to the unit: `fiat × rate × 10^decimals / (valuePrice × 10^rateDecimals)`.
 */
export function toTokensDown(
  fiat: Decimal,
  { price, onChain }: Pick<PriceInForce, 'price' | 'onChain'>,
  tokenDecimals: number,
): BaseUnits {
  if (!onChain) return toUnitsDown(fiat, parseDecimal(price), tokenDecimals)
  // The price of a value token buys as many branded ones as the rate says.
  const timesRate = { units: fiat.units * onChain.rate, scale: fiat.scale + onChain.rateDecimals }
  return toUnitsDown(timesRate, parseDecimal(onChain.valuePrice), tokenDecimals)
}
