import { AMOUNT_MAX, type BaseUnits, type Decimal, parseDecimal, shareDown } from '../shared/money.ts'
import { type FiatAmount, type FiatCurrency, parseBaseUnits, parseFiat } from './currency.ts'
import { InvalidAmount, InvalidCommission } from './errors.ts'
import { type PriceInForce, toTokensDown, usablePrice } from './usable-price.ts'
import type { Commission, Pricing } from './transaction-type.ts'

export interface PriceTransaction {
  type: Pricing
  /** As the caller wrote it; null or absent when the caller named none. */
  amount?: string | null
  commission?: string | null
  /** The latest price of the type's currency, where there is one. */
  price?: PriceInForce | undefined
  tokenDecimals: number
  now: Date
  priceMaxAgeMs: number
}

/** What a transaction moves, in base units; and how it was converted, where it was. */
export interface PricedTransaction {
  amount: BaseUnits
  commission: BaseUnits
  amountFiat: FiatAmount | null
  price: string | null
}

/**
 * Works out what a transaction moves: 0 < amount ≤ AMOUNT_MAX and 0 ≤ commission ≤ AMOUNT_MAX base units, the commission on
 * top of the amount. Every conversion and share is rounded down, so in the payer's favour by less than one base unit.
 *
 * @throws InvalidAmount, InvalidCommission, PriceMissing, PriceStale, PriceDeviates
 */
export function priceTransaction(input: PriceTransaction): PricedTransaction {
  return input.type.currency === 'token' ? priceInToken(input.type, input) : priceInFiat(input.type, input)
}

function priceInToken(type: Pricing & { currency: 'token' }, input: PriceTransaction): PricedTransaction {
  const amount = inRange(amountOf(type.amount, input.amount, parseBaseUnits, TOKEN_AMOUNT))
  const commission = commissionOf(type.commission, input.commission, amount, {
    read: parseBaseUnits,
    hint: TOKEN_AMOUNT,
    toUnits: (units) => units,
  })
  return { amount, commission, amountFiat: null, price: null }
}

function priceInFiat(type: Pricing & { currency: FiatCurrency }, input: PriceTransaction): PricedTransaction {
  const fiat = amountOf(type.amount, input.amount, parseFiat, FIAT_AMOUNT)
  const inForce = usablePrice(type.currency, input.price, input)
  const perToken = parseDecimal(inForce.price)
  const toUnits = (value: FiatAmount) => toTokensDown(parseDecimal(value), inForce, input.tokenDecimals)
  const amount = inRange(
    toUnits(fiat),
    fiat === '0' ? undefined : smallestHint(perToken, type.currency, input.tokenDecimals),
  )
  const commission = commissionOf(type.commission, input.commission, amount, {
    read: parseFiat,
    hint: FIAT_AMOUNT,
    toUnits,
  })
  return { amount, commission, amountFiat: fiat, price: inForce.price }
}

const TOKEN_AMOUNT = 'a text with a whole number of base units, such as "1500000000000000000".'
const FIAT_AMOUNT = 'a text with a decimal number of at most 6 places, such as "12.50".'

/** The type's fixed amount, or the caller's where the type leaves it open. */
function amountOf<Amount>(
  fixed: Amount | null,
  text: string | null | undefined,
  read: (text: string) => Amount | undefined,
  hint: string,
): Amount {
  const isGiven = text !== null && text !== undefined
  if (fixed !== null) {
    if (isGiven) throw new InvalidAmount('is fixed by the transaction type: leave it out.')
    return fixed
  }
  if (!isGiven)
    throw new InvalidAmount(`is missing: the transaction type leaves it to each transaction. Send ${hint}`)
  const amount = read(text)
  if (amount === undefined) throw new InvalidAmount(`is not a number of the type's currency: send ${hint}`)
  return amount
}

function inRange(amount: BaseUnits, zeroHint = 'must be more than 0.'): BaseUnits {
  if (amount === 0n) throw new InvalidAmount(zeroHint)
  if (amount > AMOUNT_MAX)
    throw new InvalidAmount(`is larger than one payment may be: at most ${AMOUNT_MAX} base units.`)
  return amount
}

function smallestHint(price: Decimal, currency: FiatCurrency, tokenDecimals: number): string {
  const perUnit = `${Number(price.units) / 10 ** (price.scale + tokenDecimals)}`
  return `is worth less than one base unit of the token: at the current price the smallest is about ${perUnit} ${currency}.`
}

interface Reading<Amount> {
  read: (text: string) => Amount | undefined
  hint: string
  toUnits: (amount: Amount) => BaseUnits
}

function commissionOf<Amount>(
  rule: Commission<Amount>,
  text: string | null | undefined,
  amount: BaseUnits,
  { read, hint, toUnits }: Reading<Amount>,
): BaseUnits {
  const isGiven = text !== null && text !== undefined
  if (rule?.kind === 'arbitrary') {
    if (!isGiven)
      throw new InvalidCommission(
        'is missing: the transaction type leaves it to each transaction; "0" takes none.',
      )
    const value = read(text)
    if (value === undefined)
      throw new InvalidCommission(`is not a number of the type's currency: send ${hint}`)
    return withinLeg(toUnits(value))
  }
  if (isGiven) throw new InvalidCommission('is fixed by the transaction type: leave it out.')
  if (rule === null) return 0n
  return rule.kind === 'bps' ? shareDown(amount, rule.bps) : withinLeg(toUnits(rule.amount))
}

function withinLeg(commission: BaseUnits): BaseUnits {
  if (commission > AMOUNT_MAX) {
    throw new InvalidCommission(`is larger than one payment may be: at most ${AMOUNT_MAX} base units.`)
  }
  return commission
}
