import type { AroundPorts } from '#adapters/telemetry/around-ports.ts'
import type { SignedBatch } from '#core/chain/submission-store.ts'
import type { Observer } from '#core/shared/observer.ts'

/** Ids that one line names at most: a batch of a thousand is found by its submission instead. */
const IDS_MAX = 64

/**
 * One line per step of the money path, so that a transaction can be followed by its id, and a batch by its submission's:
 * signed, broadcast, in a block, final.
 */
export function logPorts(observer: Observer): AroundPorts {
  return {
    submissions: (store) => ({
      ...store,
      async withLaneLocked(laneId, work) {
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
        for (const { economy, attempt, nonce, transactionIds } of stored) {
          observer.log('info', 'submission.signed', {
            submissionId: attempt.submissionId,
            laneId,
            economyId: economy.economyId,
            tenantId: economy.tenantId,
            nonce,
            txHash: attempt.txHash,
            ...idsOf(transactionIds),
          })
        }
        return result
      },
      async recordAnswer(attempt, answer, at) {
        await store.recordAnswer(attempt, answer, at)
        observer.log('info', 'submission.broadcast', {
          submissionId: attempt.submissionId,
          attempt: attempt.attempt,
          txHash: attempt.txHash,
          verdict: answer.verdict,
          reason: answer.reason,
        })
      },
    }),

    chains: (chains) => chains,

    settlements: (store) => ({
      ...store,
      async settle(chainId, from, settlement, headNumber) {
        await store.settle(chainId, from, settlement, headNumber)
        const { blocks, payments, failures, submissions } = settlement
        // Blocks without anything of ours come every second and say nothing.
        if (submissions.length + payments.length + failures.length === 0) return
        observer.log('info', 'ledger.settled', {
          chainId,
          fromBlock: from.number + 1,
          toBlock: blocks.at(-1)?.number,
          submissionIds: submissions
            .slice(0, IDS_MAX)
            .map((submission) => submission.id)
            .join(' '),
          failed: failures.length,
          ...idsOf([...payments, ...failures].map((payment) => payment.transactionId)),
        })
      },
    }),

    outbox: (reader) => ({
      ...reader,
      async readAfter(position, limit) {
        const records = await reader.readAfter(position, limit)
        const ends = records.filter(({ topic }) => ENDS.has(topic))
        for (const [key, group] of Map.groupBy(ends, (record) => `${record.topic} ${record.economyId}`)) {
          const [topic = ''] = key.split(' ')
          observer.log('info', topic, {
            economyId: group[0]?.economyId,
            tenantId: group[0]?.tenantId,
            ...idsOf(group.flatMap(({ subjectIds }) => subjectIds)),
          })
        }
        return records
      },
    }),
  }
}

/** What ends a transaction, or begins its end anew. */
const ENDS: ReadonlySet<string> = new Set([
  'transaction.confirmed',
  'transaction.failed',
  'transaction.reorged',
])

/** All ids of a small batch; of a large one how many, and the first and last in the order of acceptance. */
function idsOf(transactionIds: readonly string[]) {
  if (transactionIds.length <= IDS_MAX)
    return { transactions: transactionIds.length, transactionIds: transactionIds.join(' ') }
  const sorted = transactionIds.toSorted()
  return {
    transactions: transactionIds.length,
    firstTransactionId: sorted[0],
    lastTransactionId: sorted.at(-1),
  }
}
