import { asQueued, type Transaction } from '../transaction/transaction.ts'
import type { ReadableEvent } from './event.ts'

/**
 * The transaction as it stood when the event happened: what was fixed when it was accepted, with the state that the event
 * tells of. A webhook may be read much later than it happened; it must not show a future that others are still to tell.
 * Pure.
 */
export function transactionAt(now: Transaction, event: ReadableEvent): Transaction {
  const queued = asQueued(now)
  const submitted: Transaction = {
    ...queued,
    status: 'submitted',
    submissionId: now.submissionId,
    submittedAt: now.submittedAt ?? event.createdAt,
  }
  const topic: string = event.topic
  switch (topic) {
    case 'transaction.submitted':
    case 'transaction.reorged':
      return submitted
    case 'transaction.mined':
      return { ...submitted, ...minedBy(now, event), status: 'mined' }
    case 'transaction.confirmed':
      return {
        ...submitted,
        ...minedBy(now, event),
        status: 'confirmed',
        endedAt: now.endedAt ?? event.createdAt,
      }
    case 'transaction.failed':
      return {
        ...submitted,
        ...minedBy(now, event),
        minedAt: null,
        status: 'failed',
        failureCode: text(event.payload['failure_code']) ?? now.failureCode,
        failureReason: text(event.payload['failure_reason']) ?? now.failureReason,
        endedAt: now.endedAt ?? event.createdAt,
      }
    default:
      return queued
  }
}

/** The block that the event tells of; what is known of it by now only where it still is the transaction's block. */
function minedBy(now: Transaction, { payload, createdAt }: ReadableEvent) {
  const txHash = text(payload['tx_hash'])
  const number = payload['block_number']
  const blockNumber = typeof number === 'number' ? BigInt(number) : null
  const isSame = now.txHash === txHash && now.blockNumber === blockNumber
  return {
    txHash,
    blockNumber,
    feeWei: isSame ? now.feeWei : null,
    minedAt: (isSame ? now.minedAt : null) ?? createdAt,
  }
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
