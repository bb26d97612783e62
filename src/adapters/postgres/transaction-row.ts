import type { Transaction, TransactionStatus } from '#core/transaction/transaction.ts'
import { type AcceptedRow, toAccepted } from './accepted-row.ts'

/** A transaction as the readers select it from the view `transaction_state`, with the cost of its submission `s`. */
export interface TransactionRow extends AcceptedRow {
  status: TransactionStatus
  failure_code: string | null
  failure_reason: string | null
  submission_id: string | null
  tx_hash: string | null
  block_number: string | null
  fee_wei: string | null
  submitted_at: Date | null
  mined_at: Date | null
  ended_at: Date | null
}

/** The batch's cost is shared evenly by its payments, rounded up. */
export const TRANSACTION_COLUMNS = `t.id, t.tenant_id, t.economy_id, t.type_id, t.from_user_id, t.to_user_id, t.amount, t.commission, t.currency,
  t.amount_fiat, t.price, t.metadata, t.airdrop_id, t.config_version, t.rules, t.created_at, t.commission_to_id, t.status, t.failure_code,
  t.failure_reason, t.submission_id, t.tx_hash, t.block_number, t.submitted_at, t.mined_at, t.ended_at,
  ceil(s.gas_used * s.effective_gas_price / nullif(s.payments, 0)) AS fee_wei`

export function toTransaction(row: TransactionRow): Transaction {
  return {
    ...toAccepted(row),
    status: row.status,
    failureCode: row.failure_code,
    failureReason: row.failure_reason,
    submissionId: row.submission_id,
    txHash: row.tx_hash,
    blockNumber: toBigInt(row.block_number),
    feeWei: toBigInt(row.fee_wei),
    submittedAt: row.submitted_at,
    minedAt: row.mined_at,
    endedAt: row.ended_at,
  }
}

export function toBigInt(text: string | null): bigint | null {
  return text === null ? null : BigInt(text)
}
