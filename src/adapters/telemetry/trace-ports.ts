import type { AttemptRef } from '#core/chain/submission.ts'
import type { SignedBatch } from '#core/chain/submission-store.ts'
import type { OutboxRecord } from '#core/outbox/outbox-event.ts'
import type { AroundPorts } from './around-ports.ts'
import { rootOf, spanIdOf } from './trace-ids.ts'
import { type FinishedSpan, LINKS_MAX, newSpanId, newTraceId, traceNow, type Tracing } from './tracing.ts'

/** Batches whose transactions this process remembers until they were broadcast. */
const REMEMBERED_MAX = 256

/**
 * Records what a worker does: each submission in a trace of its own (signed, broadcast), linked with its transactions; each
 * transaction in its trace (submit, broadcast, settle, end). Decorators of ports: no line of core knows of it.
 */
export function tracePorts(tracing: Tracing): AroundPorts {
  const batches = new Bounded<{ transactionIds: readonly string[] }>()
  const broadcasts = new Bounded<number>()

  /** A span in the trace of each of the transactions that is recorded. */
  function each(transactionIds: readonly string[], span: Omit<FinishedSpan, 'at'>): void {
    for (const id of transactionIds) {
      const { traceId, spanId } = rootOf(id)
      if (!tracing.isRecorded(traceId)) continue
      const at = { traceId, spanId: newSpanId(), parentSpanId: spanId }
      tracing.record({ ...span, at, attributes: { ...span.attributes, 'ost.transaction_id': id } })
    }
  }

  function signed(
    { economy, attempt, nonce, transactionIds }: SignedBatch,
    laneId: string,
    startedAt: number,
  ) {
    const submission = rootOf(attempt.submissionId)
    const endedAt = traceNow()
    const attributes = {
      'ost.submission_id': attempt.submissionId,
      'ost.lane_id': laneId,
      'ost.economy_id': economy.economyId,
      'ost.tenant_id': economy.tenantId,
      'ost.nonce': nonce,
      'ost.tx_hash': attempt.txHash,
    }
    batches.set(attempt.submissionId, { transactionIds })
    tracing.record({
      name: 'submission.sign',
      at: submission,
      startedAt,
      endedAt,
      attributes: { ...attributes, 'ost.transactions': transactionIds.length },
      links: transactionIds.slice(0, LINKS_MAX).map(rootOf),
    })
    each(transactionIds, { name: 'transaction.submit', startedAt, endedAt, attributes, links: [submission] })
  }

  function answered(attempt: AttemptRef, verdict: string, reason: string): void {
    const submission = rootOf(attempt.submissionId)
    const endedAt = traceNow()
    const span = {
      kind: 'client' as const,
      startedAt: broadcasts.take(attempt.txHash) ?? endedAt,
      endedAt,
      attributes: {
        'ost.submission_id': attempt.submissionId,
        'ost.attempt': attempt.attempt,
        'ost.tx_hash': attempt.txHash,
        'ost.verdict': verdict,
        'ost.reason': reason,
      },
      ...(verdict !== 'accepted' && { failure: reason }),
    }
    const at = { traceId: submission.traceId, spanId: newSpanId(), parentSpanId: submission.spanId }
    tracing.record({ ...span, name: 'submission.broadcast', at })
    const batch = batches.take(attempt.submissionId)
    if (batch) each(batch.transactionIds, { ...span, name: 'transaction.broadcast', links: [at] })
  }

  return {
    submissions: (store) => ({
      ...store,
      async withLaneLocked(laneId, work) {
        const startedAt = traceNow()
        const stored: SignedBatch[] = []
        const result = await store.withLaneLocked(laneId, (locked) =>
          work({
            ...locked,
            async recordBatch(batch) {
              await locked.recordBatch(batch)
              stored.push(batch)
            },
          }),
        )
        // Only now it is committed.
        for (const batch of stored) signed(batch, laneId, startedAt)
        return result
      },
      async recordAnswer(attempt, answer, at) {
        await store.recordAnswer(attempt, answer, at)
        answered(attempt, answer.verdict, answer.reason)
      },
    }),

    chains: (chains) => ({
      ...chains,
      get(chainId) {
        const chain = chains.get(chainId)
        return {
          ...chain,
          broadcast(rawTx, txHash) {
            broadcasts.set(txHash, traceNow())
            return chain.broadcast(rawTx, txHash)
          },
        }
      },
    }),

    settlements: (store) => ({
      ...store,
      async settle(chainId, from, settlement, headNumber) {
        const startedAt = traceNow()
        await store.settle(chainId, from, settlement, headNumber)
        const { blocks, payments, failures, movements } = settlement
        const at = { traceId: newTraceId(), spanId: newSpanId() }
        const ended = [...payments, ...failures]
        if (!tracing.isRecorded(at.traceId) && ended.length === 0) return
        const span = { startedAt, endedAt: traceNow() }
        tracing.record({
          ...span,
          name: 'ledger.settle',
          at,
          attributes: {
            'ost.chain_id': chainId,
            'ost.from_block': from.number + 1,
            'ost.to_block': blocks.at(-1)?.number,
            'ost.movements': movements.length,
            'ost.transactions': ended.length,
          },
          links: ended.slice(0, LINKS_MAX).map(({ transactionId }) => rootOf(transactionId)),
        })
        for (const payment of ended) {
          const block = blocks[payment.blockIndex]
          const attributes = {
            'ost.chain_id': chainId,
            'ost.tx_hash': payment.txHash,
            'ost.block_number': block?.number,
            'ost.block_hash': block?.hash,
          }
          const failure = 'reason' in payment ? { failure: payment.reason } : {}
          each([payment.transactionId], {
            ...span,
            ...failure,
            name: 'transaction.settle',
            attributes,
            links: [at],
          })
        }
      },
      async confirm(chainId, transactionsMax) {
        const startedAt = traceNow()
        const confirmation = await store.confirm(chainId, transactionsMax)
        if (confirmation && confirmation.confirmed + confirmation.failed > 0) {
          const { finalNumber, confirmed, failed } = confirmation
          const attributes = {
            'ost.chain_id': chainId,
            'ost.final_block': finalNumber,
            'ost.confirmed': confirmed,
            'ost.failed': failed,
          }
          tracing.record({ name: 'ledger.confirm', startedAt, endedAt: traceNow(), attributes })
        }
        return confirmation
      },
    }),

    outbox: (reader) => ({
      ...reader,
      async readAfter(position, limit) {
        const records = await reader.readAfter(position, limit)
        for (const { id, topic, subjectId, createdAt } of endsOf(records)) {
          const { traceId, spanId: parentSpanId } = rootOf(subjectId)
          if (!tracing.isRecorded(traceId)) continue
          const at = createdAt.getTime()
          tracing.record({
            name: topic,
            // The relay may read an event twice; it is the same span then.
            at: { traceId, spanId: spanIdOf(id), parentSpanId },
            startedAt: at,
            endedAt: at,
            attributes: { 'ost.transaction_id': subjectId, 'ost.event_id': id },
          })
        }
        return records
      },
    }),
  }
}

/** Events of the outbox that end a stage which no port names the transactions of. */
const ENDS: ReadonlySet<string> = new Set([
  'transaction.confirmed',
  'transaction.failed',
  'transaction.reorged',
])

function endsOf(records: readonly OutboxRecord[]) {
  return records.flatMap(({ topic, eventIds, subjectIds, createdAt }) =>
    ENDS.has(topic)
      ? eventIds.map((id, index) => ({ id, topic, subjectId: subjectIds[index] ?? id, createdAt }))
      : [],
  )
}

/** A map that forgets the oldest. */
class Bounded<Value> {
  readonly #values = new Map<string, Value>()

  set(key: string, value: Value): void {
    this.#values.set(key, value)
    const [oldest] = this.#values.keys()
    if (this.#values.size > REMEMBERED_MAX && oldest !== undefined) this.#values.delete(oldest)
  }

  take(key: string): Value | undefined {
    const value = this.#values.get(key)
    this.#values.delete(key)
    return value
  }
}
