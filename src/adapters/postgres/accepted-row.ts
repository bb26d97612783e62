import { trimZeros } from '#core/rule/currency.ts'
import type { AcceptedTransaction } from '#core/transaction/transaction.ts'

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
  transfers: { kind: 'amount' | 'commission'; from: string; to: string; amount: string }[]
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
    transfers: row.transfers.map((leg) => ({
      kind: leg.kind,
      fromAccountId: leg.from,
      toAccountId: leg.to,
      amount: BigInt(leg.amount),
    })),
  }
}
