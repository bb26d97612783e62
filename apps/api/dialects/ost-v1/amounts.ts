import { trimZeros } from '#core/rule/currency.ts'
import { type BaseUnits, formatUnits, parseDecimal, shareDown } from '#core/shared/money.ts'

const DECIMAL = /^(?:0|[1-9]\d{0,29})(?:\.\d{1,18})?$/
/** Decimal places of a share: basis points. */
const PERCENT = /^(?:\d{1,2}(?:\.\d{1,2}0*)?|100(?:\.0+)?)$/
const COIN_DECIMALS = 18
/** Decimal places that an action's amount and share are shown with at least. */
const AMOUNT_PLACES = 4
const PERCENT_PLACES = 2

/** Base units of a text with whole tokens; undefined where it is no such number, or finer than the token. */
export function toBaseUnits(text: string, decimals: number): BaseUnits | undefined {
  if (!DECIMAL.test(text)) return undefined
  const { units, scale } = parseDecimal(trimZeros(text))
  return scale > decimals ? undefined : units * 10n ** BigInt(decimals - scale)
}

/** Whether `least` ≤ the decimal `text` ≤ `most`. */
export function isWithin(text: string, least: string, most: string): boolean {
  if (!DECIMAL.test(text)) return false
  return compare(text, least) >= 0 && compare(text, most) <= 0
}

function compare(a: string, b: string): number {
  const [left, right] = [parseDecimal(a), parseDecimal(b)]
  const difference = left.units * 10n ** BigInt(right.scale) - right.units * 10n ** BigInt(left.scale)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

/** Basis points of a percentage from 0 to 100; undefined for another text. */
export function toBps(percent: string): number | undefined {
  if (!PERCENT.test(percent)) return undefined
  const { units, scale } = parseDecimal(trimZeros(percent))
  return Number(units * 10n ** BigInt(2 - scale))
}

/** A share of a fiat amount as core takes it: at most 6 places, rounded down, so in the payer's favour. */
export function fiatShareDown(amount: string, bps: number): string {
  const { units, scale } = parseDecimal(amount)
  return trimZeros(formatUnits(shareDown(units * 10n ** BigInt(6 - scale), bps), 6))
}

export function presentUnits(units: BaseUnits, decimals: number): string {
  return formatUnits(units, decimals)
}

/** Wei as whole coins. */
export function presentCoins(wei: bigint): string {
  return formatUnits(wei, COIN_DECIMALS)
}

/** `"1.0000"`: an action's amount. */
export function presentAmount(decimal: string): string {
  return withPlaces(decimal, AMOUNT_PLACES)
}

/** `"1.00"`: an action's share. */
export function presentPercent(bps: number): string {
  return withPlaces(formatUnits(BigInt(bps), 2), PERCENT_PLACES)
}

function withPlaces(decimal: string, places: number): string {
  const [whole = '0', fraction = ''] = decimal.split('.')
  return `${whole}.${fraction.padEnd(places, '0')}`
}
