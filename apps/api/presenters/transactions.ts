import type { AcceptedTransaction, Transaction } from '#core/transaction/transaction.ts'
import type { TimelineEvent } from '#core/transaction/read-timeline.ts'
import { toWire } from './wire-id.ts'

/** A transaction as /v3 shows it. Amounts are decimal strings of base units. */
export function presentTransaction(transaction: Transaction) {
  const { fromUserId, toUserId } = transaction
  const [from, to] = [toWire('usr', fromUserId), toWire('usr', toUserId)]
  // Mostly the transaction's own two once more.
  const userOf = (id: string) => (id === fromUserId ? from : id === toUserId ? to : toWire('usr', id))
  return {
    object: 'transaction' as const,
    id: toWire('txn', transaction.id),
    status: transaction.status,
    type_id: toWire('typ', transaction.typeId),
    from_user_id: from,
    to_user_id: to,
    amount: transaction.amount.toString(),
    commission: transaction.commission.toString(),
    currency: transaction.currency,
    amount_fiat: transaction.amountFiat,
    price: transaction.price,
    metadata: transaction.metadata,
    airdrop_id: transaction.airdropId && toWire('air', transaction.airdropId),
    transfers: transaction.transfers.map((leg) => ({
      kind: leg.kind,
      from_user_id: userOf(leg.fromAccountId),
      to_user_id: userOf(leg.toAccountId),
      amount: leg.amount.toString(),
    })),
    chain: transaction.txHash
      ? {
          tx_hash: transaction.txHash,
          block_number: transaction.blockNumber === null ? null : Number(transaction.blockNumber),
          fee_wei: transaction.feeWei?.toString() ?? null,
        }
      : null,
    failure: transaction.failureCode
      ? { code: transaction.failureCode, reason: transaction.failureReason ?? transaction.failureCode }
      : null,
    created_at: transaction.createdAt.toISOString(),
    submitted_at: transaction.submittedAt?.toISOString() ?? null,
    mined_at: transaction.minedAt?.toISOString() ?? null,
    ended_at: transaction.endedAt?.toISOString() ?? null,
  }
}

/** One event of a transaction's timeline. */
export function presentTimelineEvent(event: TimelineEvent) {
  const { at, kind, summary, details } = event
  return { at: at.toISOString(), kind, summary, details: { ...details, ...wireIdsOf(details) } }
}

/** Of a webhook's try. Ids of lanes and submissions are the operator's and have no prefix. */
function wireIdsOf({ webhook, event }: TimelineEvent['details']) {
  return {
    ...(typeof webhook === 'string' && { webhook: toWire('whk', webhook) }),
    ...(typeof event === 'string' && { event: toWire('evt', event) }),
  }
}

/** What a dry run decided. */
export function presentDryRun(accepted: AcceptedTransaction) {
  return {
    object: 'transaction_preview' as const,
    amount: accepted.amount.toString(),
    commission: accepted.commission.toString(),
    currency: accepted.currency,
    amount_fiat: accepted.amountFiat,
    price: accepted.price,
    from_user_id: toWire('usr', accepted.fromUserId),
    to_user_id: toWire('usr', accepted.toUserId),
    rules: accepted.rules.map((rule) => ({
      id: toWire('rul', rule.id),
      name: rule.name,
      version: rule.version,
    })),
  }
}
