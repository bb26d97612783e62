import type { ExecutedTransaction, Execution } from '#core/bundle/execution.ts'
import { asQueued } from '#core/transaction/transaction.ts'
import type { OstTopic } from '#core/webhook/ost-topics.ts'

/**
 * An execution as it stood when the topic was to be told: a webhook may be read much later, and must not show a future that
 * others are still to tell. Pure.
 */
export function executionAt(execution: Execution, topic: OstTopic): Execution {
  if (topic === 'transactions/initiate')
    return { ...execution, transactions: execution.transactions.map(notYetOnChain) }
  if (topic !== 'transactions/mine') return execution
  const transactions = execution.transactions.map((one) =>
    one.status === 'confirmed' ? { ...one, status: 'mined' as const, endedAt: null } : one,
  )
  return { ...execution, transactions }
}

function notYetOnChain(transaction: ExecutedTransaction): ExecutedTransaction {
  return {
    ...transaction,
    ...asQueued(transaction),
    laneAddress: null,
    nonce: null,
    gasUsed: null,
    gasPrice: null,
    minedBlockAt: null,
    confirmations: null,
  }
}
