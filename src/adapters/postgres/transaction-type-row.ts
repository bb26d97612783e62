import assert from 'node:assert'
import { isFiatCurrency, trimZeros } from '#core/rule/currency.ts'
import type {
  Commission,
  Pricing,
  TransactionType,
  TransactionTypeIdentity,
} from '#core/rule/transaction-type.ts'

/** A numeric column: text from plain SQL, Prisma's Decimal otherwise. */
export type NumericColumn = string | { toFixed(): string }

/** A row of `transaction_type`, by Prisma or as JSON with the same names. */
export interface TransactionTypeRow {
  economyId: string
  id: string
  tenantId: string
  name: string
  kind: string
  currency: string
  allowsArbitraryAmount: boolean
  amountUnits: NumericColumn | null
  amountFiat: NumericColumn | null
  allowsArbitraryCommission: boolean
  commissionBps: number | null
  commissionUnits: NumericColumn | null
  commissionFiat: NumericColumn | null
  status: string
  metadata: unknown
  createdAt: Date | string
  updatedAt: Date | string
}

/** The columns that say how much a type moves. */
type PricingColumns<Amount = NumericColumn> = Pick<
  TransactionTypeRow,
  'currency' | 'allowsArbitraryAmount' | 'allowsArbitraryCommission' | 'commissionBps'
> &
  Record<'amountUnits' | 'amountFiat' | 'commissionUnits' | 'commissionFiat', Amount | null>

/** A decimal column's exact text without superfluous zeros. */
export function decimalText(value: NumericColumn): string {
  return trimZeros(typeof value === 'string' ? value : value.toFixed())
}

export function toTransactionType(row: TransactionTypeRow): TransactionType {
  const identity: TransactionTypeIdentity = {
    id: row.id,
    tenantId: row.tenantId,
    economyId: row.economyId,
    name: row.name,
    // CHECK constraints of the table allow no other kind, status or metadata.
    kind: row.kind as TransactionTypeIdentity['kind'],
    status: row.status as TransactionTypeIdentity['status'],
    metadata: row.metadata as TransactionTypeIdentity['metadata'],
    createdAt: new Date(row.createdAt),
    updatedAt: new Date(row.updatedAt),
  }
  return { ...identity, ...toPricing(row) }
}

function toPricing(row: PricingColumns): Pricing {
  const { currency } = row
  if (currency === 'token') {
    const units = (value: NumericColumn) => BigInt(decimalText(value))
    return {
      currency,
      amount: row.amountUnits === null ? null : units(row.amountUnits),
      commission: toCommission(row, row.commissionUnits === null ? null : units(row.commissionUnits)),
    }
  }
  assert(isFiatCurrency(currency), 'the table allows only known currencies')
  return {
    currency,
    amount: row.amountFiat === null ? null : decimalText(row.amountFiat),
    commission: toCommission(row, row.commissionFiat === null ? null : decimalText(row.commissionFiat)),
  }
}

function toCommission<Amount>(row: PricingColumns, fixed: Amount | null): Commission<Amount> {
  if (row.allowsArbitraryCommission) return { kind: 'arbitrary' }
  if (row.commissionBps !== null) return { kind: 'bps', bps: row.commissionBps }
  return fixed === null ? null : { kind: 'fixed', amount: fixed }
}

/** The columns of a type's pricing. */
export function toPricingColumns(pricing: Pricing): PricingColumns<string> {
  const { currency, amount, commission } = pricing
  const isToken = currency === 'token'
  const fixed = commission?.kind === 'fixed' ? commission.amount.toString() : null
  return {
    currency,
    allowsArbitraryAmount: amount === null,
    amountUnits: isToken && amount !== null ? amount.toString() : null,
    amountFiat: !isToken && amount !== null ? amount.toString() : null,
    allowsArbitraryCommission: commission?.kind === 'arbitrary',
    commissionBps: commission?.kind === 'bps' ? commission.bps : null,
    commissionUnits: isToken ? fixed : null,
    commissionFiat: isToken ? null : fixed,
  }
}
