/**
 * Money is an integer of base units (`bigint`), never a float. One whole token is 10^decimals base units.
 */
export type BaseUnits = bigint

/** Largest amount of one payment leg: the batch encoding gives it 12 bytes (contracts/src/TokenRules.sol). */
export const AMOUNT_MAX: BaseUnits = 2n ** 96n - 1n

/** A decimal number as an integer and a scale: value = units / 10^scale. */
export interface Decimal {
  units: bigint
  scale: number
}

/** Parses `"12.50"` exactly. @throws RangeError when the text is no plain non-negative decimal. */
export function parseDecimal(text: string): Decimal {
  const match = /^(\d{1,60})(?:\.(\d{1,30}))?$/.exec(text)
  if (!match) throw new RangeError(`"${text}" is not a decimal number`)
  const fraction = match[2] ?? ''
  return { units: BigInt(`${match[1]}${fraction}`), scale: fraction.length }
}

/** `amount × bps / 10,000`, rounded down: a commission never takes more than its share. */
export function shareDown(amount: BaseUnits, bps: number): BaseUnits {
  return (amount * BigInt(bps)) / 10_000n
}

/**
 * Base units that `fiat` buys at `price` (fiat per whole token), rounded down, so in the payer's favour by less than one unit.
 */
export function toUnitsDown(fiat: Decimal, price: Decimal, tokenDecimals: number): BaseUnits {
  const numerator = fiat.units * 10n ** BigInt(tokenDecimals + price.scale)
  const denominator = price.units * 10n ** BigInt(fiat.scale)
  return numerator / denominator
}

/** Base units as a decimal string of whole tokens, for people: `1500000000000000000n, 18` → `"1.5"`. */
export function formatUnits(units: BaseUnits, tokenDecimals: number): string {
  const negative = units < 0n
  const digits = (negative ? -units : units).toString().padStart(tokenDecimals + 1, '0')
  const whole = digits.slice(0, digits.length - tokenDecimals)
  const fraction = digits.slice(digits.length - tokenDecimals).replace(/0+$/, '')
  return `${negative ? '-' : ''}${whole}${fraction ? `.${fraction}` : ''}`
}
