import { parseDecimal, toUnitsDown } from '../shared/money.ts'
import type { FiatCurrency } from '../rule/currency.ts'
import type { EconomyConfig } from '../rule/economy-config.ts'
import { PriceMissing, PriceStale } from '../rule/errors.ts'

/** Fiat amounts and prices of the OST API v2 are integers of 10^-18. */
const SCALE = 18
/** 10^-18 of the currency. A quoted price may be so far from ours: one unit of the currency, as in the original. */
const QUOTE_TOLERANCE = 10n ** 18n

interface Quoting {
  config: Pick<EconomyConfig, 'prices' | 'decimals'>
  currency: FiatCurrency
  now: Date
  priceMaxAgeMs: number
}

/** The price of the moment, a decimal of the currency per whole token. @throws PriceMissing, PriceStale */
export function currentPrice({ config, currency, now, priceMaxAgeMs }: Quoting): string {
  const point = config.prices.get(currency)
  if (!point) throw new PriceMissing(currency)
  const ageMs = now.getTime() - point.asOf.getTime()
  if (ageMs > priceMaxAgeMs) throw new PriceStale(currency, point.asOf, ageMs, priceMaxAgeMs)
  return point.price
}

/** Whether a price that the caller was quoted, in 10^-18, is still near enough to ours. */
export function isNear(quoted: bigint, price: string): boolean {
  const { units, scale } = parseDecimal(price)
  const current = units * 10n ** BigInt(SCALE - scale)
  const distance = quoted > current ? quoted - current : current - quoted
  return distance <= QUOTE_TOLERANCE
}

/** Base units that a fiat amount in 10^-18 is worth: floor(fiat ÷ price), in the payer's favour by less than one unit. */
export function toUnitsOfFiatDown(fiat: bigint, price: string, tokenDecimals: number): bigint {
  return toUnitsDown({ units: fiat, scale: SCALE }, parseDecimal(price), tokenDecimals)
}
