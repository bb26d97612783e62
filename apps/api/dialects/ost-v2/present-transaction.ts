import { bundleStatus } from '#core/bundle/bundle.ts'
import type { ExecutedTransaction, Execution } from '#core/bundle/execution.ts'
import type { TransactionStatus } from '#core/transaction/transaction.ts'
import { seconds } from './present.ts'

/** What our statuses are on the wire. */
const WIRE_STATUS: Record<TransactionStatus, string> = {
  queued: 'CREATED',
  submitted: 'SUBMITTED',
  mined: 'MINED',
  confirmed: 'SUCCESS',
  failed: 'FAILED',
}

/** Statuses by their names on the wire, in any case. Undefined: none of them. */
export function statusOf(text: string): TransactionStatus | undefined {
  const found = Object.entries(WIRE_STATUS).find(([, wire]) => wire === text.toUpperCase())
  // The table's keys are statuses.
  return found && (found[0] as TransactionStatus)
}

/**
 * An execution. Its transactions may travel in several chain submissions: hash, block, nonce and gas are those of the first,
 * the fee is that of all.
 */
export function presentTransaction(execution: Execution) {
  const { transactions, addresses, meta } = execution
  const [first] = transactions
  const status = bundleStatus(transactions.map((one) => one.status))
  return {
    id: execution.id,
    transaction_hash: first?.txHash ?? null,
    from: first?.laneAddress ?? null,
    to: first ? (addresses.get(first.fromUserId) ?? null) : null,
    nonce: toNumber(first?.nonce),
    value: '0',
    gas_price: first?.gasPrice?.toString() ?? null,
    gas_used: toNumber(first?.gasUsed),
    transaction_fee: feeOf(transactions),
    block_confirmation: confirmationsOf(transactions),
    status: WIRE_STATUS[status],
    updated_timestamp: seconds(updatedAt(execution)),
    block_timestamp: first?.minedBlockAt ? seconds(first.minedBlockAt) : null,
    block_number: toNumber(first?.blockNumber),
    rule_name: execution.rule === 'pricer' ? 'Pricer' : 'Direct Transfer',
    meta_property: { ...meta },
    transfers: transactions.flatMap((transaction) =>
      transaction.transfers.map((leg) => ({
        from: addresses.get(leg.fromAccountId) ?? null,
        from_user_id: leg.fromAccountId,
        to: addresses.get(leg.toAccountId) ?? null,
        to_user_id: leg.toAccountId,
        amount: leg.amount.toString(),
        kind: 'transfer',
      })),
    ),
  }
}

function toNumber(value: bigint | null | undefined): number | null {
  return value === null || value === undefined ? null : Number(value)
}

/** Wei; null until all are mined. */
function feeOf(transactions: readonly ExecutedTransaction[]): string | null {
  let fee = 0n
  for (const { feeWei } of transactions) {
    if (feeWei === null) return null
    fee += feeWei
  }
  return fee.toString()
}

/** Of the one that has the fewest; null until all are mined. */
function confirmationsOf(transactions: readonly ExecutedTransaction[]): number | null {
  const counts = transactions.map(({ confirmations }) => confirmations)
  return counts.some((count) => count === null) ? null : Math.min(...counts.map(Number))
}

function updatedAt({ transactions, createdAt }: Execution): Date {
  const moments = transactions.flatMap(
    ({ endedAt, minedAt, submittedAt }) => endedAt ?? minedAt ?? submittedAt ?? [],
  )
  return moments.reduce((latest, moment) => (moment > latest ? moment : latest), createdAt)
}
