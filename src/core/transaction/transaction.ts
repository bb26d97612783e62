import type { Currency } from '../rule/currency.ts'
import type { EvaluatedRule } from '../rule/evaluate-rules.ts'
import type { Metadata } from '../shared/metadata.ts'
import type { BaseUnits } from '../shared/money.ts'

/** queued: funds held · submitted: in a signed chain submission · mined: settled in the ledger · confirmed: final by depth. */
export type TransactionStatus = 'queued' | 'submitted' | 'mined' | 'confirmed' | 'failed'

/** What a caller asks for: one execution of a transaction type. Amounts are text as they came, parsed by the type's currency. */
export interface ExecuteTransaction {
  /** The type by its id or by its name. */
  type: { id: string } | { name: string }
  /** Null where the kind makes the company the payer. */
  fromUserId: string | null
  /** Null where the kind makes the company the recipient. */
  toUserId: string | null
  amount: string | null
  commission: string | null
  metadata: Metadata
  airdropId?: string
  /** To the economy's redeemer, from whoever holds the tokens: exactly the amount, which is in base units. */
  isUnstake?: true
}

/** One token movement of a transaction, in base units. */
export interface Transfer {
  kind: 'amount' | 'commission'
  fromAccountId: string
  toAccountId: string
  amount: BaseUnits
}

/** What acceptance fixed for good. */
export interface AcceptedTransaction {
  id: string
  tenantId: string
  economyId: string
  typeId: string
  fromUserId: string
  toUserId: string
  amount: BaseUnits
  commission: BaseUnits
  currency: Currency
  amountFiat: string | null
  price: string | null
  metadata: Metadata
  airdropId: string | null
  configVersion: number
  rules: readonly EvaluatedRule[]
  createdAt: Date
  transfers: readonly Transfer[]
}

/** A transaction as it stands now. */
export interface Transaction extends AcceptedTransaction {
  status: TransactionStatus
  failureCode: string | null
  failureReason: string | null
  submissionId: string | null
  txHash: string | null
  blockNumber: bigint | null
  /** Wei: the transaction's share of its chain submission's cost; null until mined. */
  feeWei: bigint | null
  submittedAt: Date | null
  minedAt: Date | null
  endedAt: Date | null
}

/** An accepted transaction as its first answer showed it. */
export function asQueued(accepted: AcceptedTransaction): Transaction {
  return {
    ...accepted,
    status: 'queued',
    failureCode: null,
    failureReason: null,
    submissionId: null,
    txHash: null,
    blockNumber: null,
    feeWei: null,
    submittedAt: null,
    minedAt: null,
    endedAt: null,
  }
}
