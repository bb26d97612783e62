import type { QueuedPayment } from './queued-payment.ts'
import type { SentBatch } from './sent-transaction.ts'

/** A queued transaction that a batch on the chain has paid, and its place in that batch. */
export interface MatchedPayment {
  transactionId: string
  index: number
}

/**
 * Finds the queued transactions that a forgotten batch has paid. A payment says payer, recipients and amounts, but not which
 * transaction it was for: of equal ones the oldest counts as paid, each payment for at most one. Where an equal payment was
 * in truth for a transaction that is forgotten too, this settles one too many rather than paying one twice.
 *
 * Pure.
 * @param queued Oldest first.
 * @param skipped Positions of payments that the chain did not make.
 */
export function matchPayments(
  payments: SentBatch['payments'],
  queued: readonly QueuedPayment[],
  skipped: { has(index: number): boolean },
): MatchedPayment[] {
  const waiting = new Map<string, string[]>()
  for (const payment of queued) {
    const key = keyOf(payment)
    const others = waiting.get(key)
    if (others) others.push(payment.transactionId)
    else waiting.set(key, [payment.transactionId])
  }
  const matched: MatchedPayment[] = []
  payments.forEach((payment, index) => {
    if (skipped.has(index)) return
    const transactionId = waiting.get(keyOf(payment))?.shift()
    if (transactionId !== undefined) matched.push({ transactionId, index })
  })
  return matched
}

function keyOf({ payerSalt, legs }: Pick<QueuedPayment, 'payerSalt' | 'legs'>): string {
  const payer = Buffer.from(payerSalt).toString('hex')
  return [payer, ...legs.map(({ recipient, amount }) => `${recipient.toLowerCase()}:${amount}`)].join('|')
}
