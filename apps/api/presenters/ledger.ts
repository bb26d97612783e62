import type { LedgerEntry } from '#core/ledger/list-entries.ts'
import { toWire } from './wire-id.ts'

/** A ledger entry as /v3 shows it. */
export function presentEntry(entry: LedgerEntry) {
  const { kind, userId, address } = entry.counterparty
  return {
    object: 'ledger_entry' as const,
    amount: entry.amount.toString(),
    is_reversal: entry.isReversal,
    counterparty: { kind, user_id: userId === null ? null : toWire('usr', userId), address },
    transaction_id: entry.transactionId === null ? null : toWire('txn', entry.transactionId),
    block_number: Number(entry.blockNumber),
    block_hash: entry.blockHash,
    tx_hash: entry.txHash,
    log_index: entry.logIndex,
    created_at: entry.createdAt.toISOString(),
  }
}
