import type { SubmissionOverview } from '#core/chain/platform-desk.ts'
import { toWire } from './wire-id.ts'

const ON_ITS_WAY = new Set<SubmissionOverview['status']>(['signed', 'broadcast'])

export function presentSubmission(submission: SubmissionOverview) {
  const { bumpRequestedAt } = submission
  return {
    object: 'submission' as const,
    id: toWire('sub', submission.id),
    lane_id: toWire('lan', submission.laneId),
    chain_id: submission.chainId,
    kind: submission.kind,
    status: submission.status,
    nonce: submission.nonce,
    transactions: submission.transactions,
    block_number: submission.blockNumber,
    tx_hash: submission.txHash,
    unstick_requested_at: ON_ITS_WAY.has(submission.status) ? (bumpRequestedAt?.toISOString() ?? null) : null,
    created_at: submission.createdAt.toISOString(),
    signed_at: submission.signedAt?.toISOString() ?? null,
    mined_at: submission.minedAt?.toISOString() ?? null,
    attempts: submission.attempts.map((attempt) => ({
      attempt: attempt.attempt,
      tx_hash: attempt.txHash,
      max_fee_per_gas: attempt.maxFeePerGas,
      max_priority_fee_per_gas: attempt.maxPriorityFeePerGas,
      broadcasts: attempt.broadcasts,
      signed_at: attempt.signedAt.toISOString(),
      last_answer: attempt.lastAnswer && {
        at: new Date(attempt.lastAnswer.at).toISOString(),
        // Written by recordAnswer from a BroadcastVerdict.
        verdict: attempt.lastAnswer.verdict as 'accepted' | 'rejected' | 'unknown',
        reason: attempt.lastAnswer.reason,
        message: attempt.lastAnswer.message,
      },
    })),
  }
}
