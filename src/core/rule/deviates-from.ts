import { parseDecimal } from '../shared/money.ts'

const BPS = 10_000n
/** Places that prices are compared in. */
const PRICE_SCALE = 18

/** Whether a price is further than so many hundredths of a percent from the one before, as `PricerRule` counts it. */
export function deviatesFrom(price: string, before: string, bpsMax: number): boolean {
  const [value, previous] = [toScale(price), toScale(before)]
  const difference = value > previous ? value - previous : previous - value
  return difference * BPS > previous * BigInt(bpsMax)
}

/** A price as an integer of 10^-18. */
export function toScale(price: string): bigint {
  const { units, scale } = parseDecimal(price)
  return units * 10n ** BigInt(PRICE_SCALE - scale)
}
