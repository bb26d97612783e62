import type { PaymentLeg } from '#core/ledger/settlement.ts'
import { trimZeros } from '#core/rule/currency.ts'
import type { AcceptedTransaction, Transfer } from '#core/transaction/transaction.ts'

/** A transaction's immutable part as the readers select it. */
export interface AcceptedRow {
  id: string
  tenant_id: string
  economy_id: string
  type_id: string
  from_user_id: string
  to_user_id: string
  amount: string
  commission: string
  currency: AcceptedTransaction['currency']
  amount_fiat: string | null
  price: string | null
  metadata: AcceptedTransaction['metadata']
  airdrop_id: string | null
  config_version: number
  rules: AcceptedTransaction['rules']
  created_at: Date
  /** Null without a commission. */
  commission_to_id: string | null
}

export function toAccepted(row: AcceptedRow): AcceptedTransaction {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    economyId: row.economy_id,
    typeId: row.type_id,
    fromUserId: row.from_user_id,
    toUserId: row.to_user_id,
    amount: BigInt(row.amount),
    commission: BigInt(row.commission),
    currency: row.currency,
    amountFiat: row.amount_fiat === null ? null : trimZeros(row.amount_fiat),
    price: row.price === null ? null : trimZeros(row.price),
    metadata: row.metadata,
    airdropId: row.airdrop_id,
    configVersion: row.config_version,
    rules: row.rules,
    createdAt: row.created_at,
    transfers: transfersOf(row),
  }
}

function transfersOf(row: MovingRow): Transfer[] {
  return legsOf(row).map((leg, position) => ({ kind: position === 0 ? 'amount' : 'commission', ...leg }))
}

/** What a transaction says of its movements. */
export type MovingRow = Pick<
  AcceptedRow,
  'from_user_id' | 'to_user_id' | 'amount' | 'commission' | 'commission_to_id'
>

/** A transaction's movements: its amount, and the commission if there is one. */
export function legsOf(row: MovingRow): PaymentLeg[] {
  const leg = (toAccountId: string, amount: string) => ({
    fromAccountId: row.from_user_id,
    toAccountId,
    amount: BigInt(amount),
  })
  const amount = leg(row.to_user_id, row.amount)
  return row.commission_to_id === null ? [amount] : [amount, leg(row.commission_to_id, row.commission)]
}
