import type { BroadcastAnswer } from '../chain/broadcast-answer.ts'
import type { ChainRpc } from '../chain/chain-rpc.ts'
import type { Lane } from '../chain/lane.ts'
import type { AttemptRef } from '../chain/submission.ts'
import { pauseLane, resumeLane } from './pause-lane.ts'
import type { SubmissionDeps } from './submission-deps.ts'

type Deps = Pick<SubmissionDeps, 'lanes' | 'submissions' | 'clock' | 'observer' | 'reach'>

/**
 * Sends stored bytes and records the node's answer. May run any number of times for the same bytes: at most one transaction
 * with their nonce ever lands.
 *
 * `unknown` changes nothing: the bytes go out again later. `rejected` keeps the nonce and every hold; out of funds, or bytes
 * that the node refuses for good, pause the lane until the same bytes are taken.
 */
export async function broadcastSubmission(
  deps: Deps,
  to: { lane: Lane; chain: ChainRpc },
  attempt: AttemptRef,
  rawTx: Uint8Array,
): Promise<BroadcastAnswer> {
  const { lane, chain } = to
  await deps.reach?.('before_broadcast')
  const answer = await chain.broadcast(rawTx, attempt.txHash)
  await deps.reach?.('after_broadcast')
  await deps.submissions.recordAnswer(attempt, answer, deps.clock.now())
  deps.observer.count('chain_broadcasts_total', {
    chain: String(lane.chainId),
    verdict: answer.verdict,
    reason: answer.reason,
  })
  await deps.reach?.('after_answer')
  await heed(deps, lane, attempt, answer)
  return answer
}

async function heed(deps: Deps, lane: Lane, attempt: AttemptRef, answer: BroadcastAnswer): Promise<void> {
  const { reason, message } = answer
  switch (reason) {
    case 'accepted':
    case 'already_known':
    case 'already_mined':
      if (lane.pauseReason === 'rejected') await resumeLane(deps, lane, 'rejected')
      return
    case 'out_of_funds':
      return pauseLane(deps, lane, 'out_of_gas', message)
    case 'wrong_chain':
    case 'gas_too_low':
    case 'gas_too_high':
    case 'malformed':
      return pauseLane(deps, lane, 'rejected', message)
    case 'nonce_used':
    case 'underpriced':
    case 'replacement_underpriced':
    case 'not_now':
    case 'transport':
    case 'unclear':
      deps.observer.log('warn', 'submission.broadcast_unsettled', {
        laneId: lane.id,
        submissionId: attempt.submissionId,
        txHash: attempt.txHash,
        reason,
        message,
      })
  }
}
