import { TransactionNotFound } from './errors.ts'
import type {
  AttemptRecord,
  SubmissionRecord,
  TransactionHistory,
  TransactionReader,
  TransactionRef,
} from './transaction-reader.ts'

/** One thing that happened to a transaction. */
export interface TimelineEvent {
  at: Date
  kind:
    | 'accepted'
    | 'rules_evaluated'
    | 'funds_held'
    | 'signed'
    | 'broadcast'
    | 'mined'
    | 'settled'
    | 'reversed'
    | 'confirmed'
    | 'failed'
    | 'webhook_tried'
  /** The event in words. */
  summary: string
  details: Readonly<Record<string, unknown>>
}

/** Everything that happened to a transaction, in order. @throws TransactionNotFound */
export async function readTimeline(
  deps: { transactions: TransactionReader },
  ref: TransactionRef,
): Promise<TimelineEvent[]> {
  const history = await deps.transactions.history(ref)
  if (!history) throw new TransactionNotFound()
  return toTimeline(history)
}

/** Puts a transaction's history in words and in order of time. Pure. */
export function toTimeline(history: TransactionHistory): TimelineEvent[] {
  const events = [
    ...acceptance(history),
    ...submission(history),
    ...settlement(history),
    ...ending(history),
    ...telling(history),
  ]
  return events
    .map((event, index) => ({ event, index }))
    .sort(byTime)
    .map(({ event }) => event)
}

/** Events of the same moment keep the order of the money path. */
function byTime(
  a: { event: TimelineEvent; index: number },
  b: { event: TimelineEvent; index: number },
): number {
  return a.event.at.getTime() - b.event.at.getTime() || a.index - b.index
}

function acceptance({ transaction, hold }: TransactionHistory): TimelineEvent[] {
  const at = transaction.createdAt
  const total = transaction.amount + transaction.commission
  const events: TimelineEvent[] = [
    {
      at,
      kind: 'accepted',
      summary: `Accepted: ${transaction.amount} base units${transaction.commission > 0n ? ` and ${transaction.commission} commission on top` : ''}.`,
      details: {
        currency: transaction.currency,
        amount_fiat: transaction.amountFiat,
        price: transaction.price,
      },
    },
    {
      at,
      kind: 'rules_evaluated',
      summary:
        transaction.rules.length === 0
          ? 'No token rule applied.'
          : `${transaction.rules.length} token rule(s) let it pass.`,
      details: { config_version: transaction.configVersion, rules: transaction.rules },
    },
  ]
  if (hold)
    events.push({
      at: hold.createdAt,
      kind: 'funds_held',
      summary: `${total} base units of the payer were held.`,
      details: { status: hold.status },
    })
  return events
}

function submission({ submission: carried }: TransactionHistory): TimelineEvent[] {
  if (!carried) return []
  return carried.attempts.flatMap((attempt) => attemptEvents(carried, attempt))
}

function attemptEvents(carried: SubmissionRecord, attempt: AttemptRecord): TimelineEvent[] {
  const signed: TimelineEvent = {
    at: attempt.signedAt,
    kind: 'signed',
    summary:
      attempt.attempt === 1
        ? `Signed as nonce ${carried.nonce} of lane ${carried.laneAddress}, in a batch of ${carried.payments}.`
        : `Signed again with a higher fee (attempt ${attempt.attempt}), same nonce ${carried.nonce}: only one of them can be mined.`,
    details: {
      submission: carried.id,
      lane: carried.laneAddress,
      nonce: carried.nonce.toString(),
      tx_hash: attempt.txHash,
      gas_limit: carried.gasLimit.toString(),
      max_fee_per_gas: attempt.maxFeePerGas.toString(),
      max_priority_fee_per_gas: attempt.maxPriorityFeePerGas.toString(),
    },
  }
  const broadcasts = attempt.answers.map(
    (answer): TimelineEvent => ({
      at: new Date(answer.at),
      kind: 'broadcast',
      summary: `Broadcast; the node's answer was ${answer.verdict}${answer.message ? `: ${answer.message}` : ''}.`,
      details: { tx_hash: attempt.txHash, verdict: answer.verdict, message: answer.message },
    }),
  )
  return [signed, ...broadcasts]
}

function settlement({ transaction, submission: carried, entries }: TransactionHistory): TimelineEvent[] {
  const mined: TimelineEvent[] =
    transaction.minedAt && carried
      ? [
          {
            at: transaction.minedAt,
            kind: 'mined',
            summary: `Mined in block ${transaction.blockNumber}.`,
            details: {
              tx_hash: transaction.txHash,
              block_number: transaction.blockNumber?.toString() ?? null,
              gas_used_by_batch: carried.gasUsed?.toString() ?? null,
              effective_gas_price: carried.effectiveGasPrice?.toString() ?? null,
              fee_wei: transaction.feeWei?.toString() ?? null,
            },
          },
        ]
      : []
  const postings = entries.map(
    (entry): TimelineEvent => ({
      at: entry.createdAt,
      kind: entry.isReversal ? 'reversed' : 'settled',
      summary: entry.isReversal
        ? `Block ${entry.blockNumber} was orphaned: the posting of ${-entry.amount} base units was reversed.`
        : `Posted ${entry.amount} base units from block ${entry.blockNumber}.`,
      details: { account: entry.accountId, amount: entry.amount.toString(), block_hash: entry.blockHash },
    }),
  )
  return [...mined, ...postings]
}

function ending({ transaction, submission: carried }: TransactionHistory): TimelineEvent[] {
  if (!transaction.endedAt) return []
  if (transaction.status !== 'failed') {
    return [
      {
        at: transaction.endedAt,
        kind: 'confirmed',
        summary: 'Confirmed: the block is final by depth.',
        details: {},
      },
    ]
  }
  return [
    {
      at: transaction.endedAt,
      kind: 'failed',
      summary: `Failed: ${transaction.failureReason ?? transaction.failureCode}. The held funds were released.`,
      details: { code: transaction.failureCode, revert_reason: carried?.revertReason ?? null },
    },
  ]
}

function telling({ webhookTries }: TransactionHistory): TimelineEvent[] {
  return webhookTries.map((tried) => ({
    at: tried.at,
    kind: 'webhook_tried',
    summary: `Told a webhook: ${tried.topic}. ${tried.error ?? 'It was taken.'}`,
    details: {
      webhook: tried.webhookId,
      event: tried.eventId,
      topic: tried.topic,
      response_status: tried.statusCode,
      duration_ms: tried.durationMs,
    },
  }))
}
