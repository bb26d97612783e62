import { type BaseUnits, parseDecimal } from '../shared/money.ts'
import type { FiatCurrency } from '../rule/currency.ts'
import type { EconomyConfig } from '../rule/economy-config.ts'
import { type PriceInForce, toTokensDown, usablePrice } from '../rule/usable-price.ts'

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

/** The price of the moment. @throws PriceMissing, PriceStale, PriceDeviates */
export function currentPrice({ config, currency, ...when }: Quoting): PriceInForce {
  return usablePrice(currency, config.prices.get(currency), when)
}

/** Whether a price that the caller was quoted, in 10^-18, is still near enough to ours. */
export function isNear(quoted: bigint, price: string): boolean {
  const { units, scale } = parseDecimal(price)
  const current = units * 10n ** BigInt(SCALE - scale)
  const distance = quoted > current ? quoted - current : current - quoted
  return distance <= QUOTE_TOLERANCE
}

/** Base units that a fiat amount in 10^-18 is worth: floor(fiat ÷ price), in the payer's favour by less than one unit. */
export function toUnitsOfFiatDown(
  fiat: bigint,
  price: Pick<PriceInForce, 'price' | 'onChain'>,
  tokenDecimals: number,
): BaseUnits {
  return toTokensDown({ units: fiat, scale: SCALE }, price, tokenDecimals)
}
