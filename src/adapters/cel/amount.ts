import type { Environment } from '@marcbachmann/cel-js'
import { type BaseUnits, parseDecimal } from '#core/shared/money.ts'

/**
 * Money inside an expression. CEL's own int ends at 2^63, which is nine whole tokens of 18 decimals, and its double is not
 * exact; so amounts are a type of their own, exact at any size, and comparing one with a plain number is an error when the
 * rule is written: 100 of what?
 */
export class Amount {
  readonly units: BaseUnits

  constructor(units: BaseUnits) {
    this.units = units
  }
}

/** Base units: 100 digits are far beyond any sum of real amounts and keep arithmetic cheap. */
const UNITS_MAX = 10n ** 100n
/** Parsed literals kept per environment: expressions repeat a few texts for ever. */
const LITERALS_MAX = 1_000

/** Declares amounts, their arithmetic, `units("…")` in base units and `tokens("…")` in whole tokens. */
export function registerAmounts(environment: Environment): void {
  environment.registerType('amount', { ctor: Amount, fields: {} })
  environment.registerOperator('amount < amount', (a: Amount, b: Amount) => a.units < b.units)
  environment.registerOperator('amount <= amount', (a: Amount, b: Amount) => a.units <= b.units)
  environment.registerOperator('amount > amount', (a: Amount, b: Amount) => a.units > b.units)
  environment.registerOperator('amount >= amount', (a: Amount, b: Amount) => a.units >= b.units)
  environment.registerOperator('amount == amount', (a: Amount, b: Amount) => a.units === b.units)
  environment.registerOperator('amount + amount', (a: Amount, b: Amount) => bounded(a.units + b.units))
  environment.registerOperator('amount - amount', (a: Amount, b: Amount) => bounded(a.units - b.units))
  environment.registerOperator('amount * int', (a: Amount, b: bigint) => bounded(a.units * b))
  environment.registerOperator('int * amount: amount', (a: bigint, b: Amount) => bounded(a * b.units))
  environment.registerOperator('amount / int', (a: Amount, b: bigint) => divide(a, b))
  environment.registerFunction('units(string): amount', memoized(parseUnits), { async: false })
  environment.registerFunction('units(int): amount', (units: bigint) => new Amount(units), { async: false })
}

/** Declares `tokens`, which counts with the token's decimals. */
export function registerTokens(environment: Environment, tokenDecimals: number): void {
  const parse = (text: string) => parseTokens(text, tokenDecimals)
  const unit = 10n ** BigInt(tokenDecimals)
  environment.registerFunction('tokens(string): amount', memoized(parse), { async: false })
  environment.registerFunction('tokens(int): amount', (whole: bigint) => bounded(whole * unit), {
    async: false,
  })
}

/** @throws Error in words when the text is no whole number. */
export function parseUnits(text: string): Amount {
  if (!/^-?\d{1,90}$/.test(text)) throw new Error(`units("${text}"): write a whole number of base units`)
  return new Amount(BigInt(text))
}

/** @throws Error in words when the text is no decimal, or has more places than the token. */
export function parseTokens(text: string, tokenDecimals: number): Amount {
  if (!/^\d{1,60}(\.\d{1,30})?$/.test(text))
    throw new Error(`tokens("${text}"): write a decimal number of whole tokens`)
  const { units, scale } = parseDecimal(text)
  if (scale <= tokenDecimals) return new Amount(units * 10n ** BigInt(tokenDecimals - scale))
  const divisor = 10n ** BigInt(scale - tokenDecimals)
  if (units % divisor !== 0n) {
    throw new Error(`tokens("${text}"): the token has only ${tokenDecimals} decimals`)
  }
  return new Amount(units / divisor)
}

function bounded(units: BaseUnits): Amount {
  if (units > UNITS_MAX || units < -UNITS_MAX) throw new Error('an amount grew beyond 100 digits')
  return new Amount(units)
}

function divide(amount: Amount, divisor: bigint): Amount {
  if (divisor === 0n) throw new Error('an amount was divided by zero')
  return new Amount(amount.units / divisor)
}

function memoized(parse: (text: string) => Amount): (text: string) => Amount {
  const known = new Map<string, Amount>()
  return (text) => {
    const found = known.get(text)
    if (found) return found
    const amount = parse(text)
    // Texts may come from metadata, so their number is not ours to trust.
    if (known.size >= LITERALS_MAX) known.clear()
    known.set(text, amount)
    return amount
  }
}
