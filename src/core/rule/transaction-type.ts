import { type FieldError, InvalidRequest } from '../shared/errors.ts'
import type { Metadata } from '../shared/metadata.ts'
import { AMOUNT_MAX, type BaseUnits } from '../shared/money.ts'
import { type Currency, type FiatAmount, type FiatCurrency, parseBaseUnits, parseFiat } from './currency.ts'

/** Who pays whom. The company is the economy's own user. */
export type TransactionTypeKind = 'user_to_user' | 'company_to_user' | 'user_to_company'

export type TransactionTypeStatus = 'active' | 'archived'

/** What the payer pays on top of the amount, to the company. Null where there is none. */
export type Commission<Amount> =
  | { kind: 'bps'; bps: number }
  | { kind: 'fixed'; amount: Amount }
  | { kind: 'arbitrary' }
  | null

/** How much a type moves. `amount: null` leaves the amount to each transaction. */
export type Pricing =
  | { currency: 'token'; amount: BaseUnits | null; commission: Commission<BaseUnits> }
  | { currency: FiatCurrency; amount: FiatAmount | null; commission: Commission<FiatAmount> }

/** A reusable definition of a movement: who pays whom, how much, with what commission on top. */
export type TransactionType = TransactionTypeIdentity & Pricing

export interface TransactionTypeIdentity {
  id: string
  tenantId: string
  economyId: string
  name: string
  kind: TransactionTypeKind
  status: TransactionTypeStatus
  metadata: Metadata
  createdAt: Date
  updatedAt: Date
}

/** A commission as people write it: part of the amount, a fixed amount, or left to each transaction. */
export type CommissionDefinition = { bps: number } | { amount: string } | { arbitrary: true } | null

/** How much, as people write it: amounts are texts, read by the currency. */
export interface PricingDefinition {
  kind: TransactionTypeKind
  currency: Currency
  amount: string | null
  commission: CommissionDefinition
}

/** Basis points of a commission: 10,000 doubles what the payer pays. */
export const COMMISSION_BPS_MAX = 10_000
/** Transaction types of one economy, archived ones included: all of them stand in every acceptor's cache. */
export const TRANSACTION_TYPES_MAX = 1_000
/** Characters. */
export const TYPE_NAME_LENGTH_MAX = 100

/**
 * Reads a type's amounts and commission.
 *
 * @throws InvalidRequest naming every wrong field: an amount that is no positive number of its currency, a commission where
 * the company is a party already, basis points out of range.
 */
export function parsePricing(definition: PricingDefinition): Pricing {
  const fields: FieldError[] = []
  if (definition.commission !== null && definition.kind !== 'user_to_user') {
    fields.push({
      pointer: '/commission',
      detail: 'is only for user_to_user: elsewhere the company is a party already',
    })
  }
  const { currency } = definition
  const pricing: Pricing =
    currency === 'token'
      ? { currency, ...parseAmounts(definition, readBaseUnits, fields) }
      : { currency, ...parseAmounts(definition, readFiat, fields) }
  if (fields.length > 0) throw new InvalidRequest(fields)
  return pricing
}

/** The definition a pricing was read from, so that an update can change one part of it. */
export function toPricingDefinition(type: { kind: TransactionTypeKind } & Pricing): PricingDefinition {
  const { kind, currency, amount, commission } = type
  return {
    kind,
    currency,
    amount: amount === null ? null : amount.toString(),
    commission: toCommissionDefinition(commission),
  }
}

function toCommissionDefinition(commission: Commission<BaseUnits | FiatAmount>): CommissionDefinition {
  switch (commission?.kind) {
    case undefined:
      return null
    case 'bps':
      return { bps: commission.bps }
    case 'fixed':
      return { amount: commission.amount.toString() }
    case 'arbitrary':
      return { arbitrary: true }
  }
}

type ReadAmount<Amount> = (text: string) => Amount | { wrong: string }

function parseAmounts<Amount extends BaseUnits | FiatAmount>(
  { amount, commission }: PricingDefinition,
  read: ReadAmount<Amount>,
  fields: FieldError[],
): { amount: Amount | null; commission: Commission<Amount> } {
  const take = (text: string, pointer: string): Amount | null => {
    const value = read(text)
    if (typeof value !== 'object') return value
    fields.push({ pointer, detail: value.wrong })
    return null
  }
  return {
    amount: amount === null ? null : take(amount, '/amount'),
    commission: parseCommission(commission, take, fields),
  }
}

function parseCommission<Amount>(
  commission: CommissionDefinition,
  take: (text: string, pointer: string) => Amount | null,
  fields: FieldError[],
): Commission<Amount> {
  if (commission === null) return null
  if ('arbitrary' in commission) return { kind: 'arbitrary' }
  if ('amount' in commission) {
    const amount = take(commission.amount, '/commission/amount')
    return amount === null ? null : { kind: 'fixed', amount }
  }
  const { bps } = commission
  if (!Number.isInteger(bps) || bps < 1 || bps > COMMISSION_BPS_MAX) {
    fields.push({
      pointer: '/commission/bps',
      detail: `must be a whole number from 1 to ${COMMISSION_BPS_MAX}`,
    })
  }
  return { kind: 'bps', bps }
}

function readBaseUnits(text: string): BaseUnits | { wrong: string } {
  const units = parseBaseUnits(text)
  if (units === undefined)
    return { wrong: 'must be a whole number of base units, such as "1500000000000000000"' }
  if (units === 0n) return { wrong: 'must be more than 0; leave it null to let each transaction name it' }
  if (units > AMOUNT_MAX) return { wrong: `must be at most ${AMOUNT_MAX} base units` }
  return units
}

function readFiat(text: string): FiatAmount | { wrong: string } {
  const fiat = parseFiat(text)
  if (fiat === undefined) return { wrong: 'must be a decimal number with at most 6 places, such as "12.50"' }
  if (fiat === '0') return { wrong: 'must be more than 0; leave it null to let each transaction name it' }
  return fiat
}
