/** Base units as requests take them: a bigint to compute with, or the decimal string that answers hold. */
export type Amount = string | bigint

const DECIMAL = /^(\d+)(?:\.(\d+))?$/

/**
 * Whole tokens as base units: `toUnits('1.5', 18)` is `1500000000000000000n`. Exact: nothing is rounded.
 * @param decimals Of the token: `ost.token.get()` has them.
 * @throws RangeError when the text is no decimal, or has more places than the token.
 */
export function toUnits(tokens: string, decimals: number): bigint {
  const [, whole = '', fraction = ''] = DECIMAL.exec(tokens) ?? []
  if (whole === '') throw new RangeError(`"${tokens}" is no amount: write a decimal such as 1.5.`)
  if (fraction.length > decimals)
    throw new RangeError(`"${tokens}" has more than the ${decimals} decimals of the token.`)
  return BigInt(whole + fraction.padEnd(decimals, '0'))
}

/** Base units as whole tokens, without needless zeros: `fromUnits('1500000000000000000', 18)` is `'1.5'`. */
export function fromUnits(units: Amount, decimals: number): string {
  const value = BigInt(units)
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '')
  return `${value < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
}

/** The sum of amounts, in base units. */
export function sumUnits(amounts: Iterable<Amount>): bigint {
  let sum = 0n
  for (const amount of amounts) sum += BigInt(amount)
  return sum
}
