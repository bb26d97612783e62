import { isMined, type LaneView, type SeenSubmission } from './lane-view.ts'
import type { SubmissionDeps } from './submission-deps.ts'

/** Milliseconds before a submission was signed in which its nonce may have been used unseen. */
const NONCE_READ_SLACK_MS = 600_000

/**
 * Gives back to the queue what can never land because its nonce was used by a transaction that is not ours. Absence proves
 * nothing (a node may lag), so the foreign transaction itself must be found, in a block that is final by depth. Only then the
 * submission ends as `replaced` and its transactions are queued once more, in one database transaction.
 * @returns how many were given back.
 */
export async function requeueReplaced(deps: SubmissionDeps, view: LaneView): Promise<number> {
  let requeued = 0
  for (const seen of view.submissions) if (await requeue(deps, view, seen)) requeued += 1
  return requeued
}

async function requeue(deps: SubmissionDeps, view: LaneView, seen: SeenSubmission): Promise<boolean> {
  const { lane, chain, snapshot } = view
  const { submission } = seen
  if (submission.nonce >= snapshot.transactionCount || isMined(seen)) return false
  const user = await chain.findNonceUser({
    address: lane.address,
    nonce: submission.nonce,
    from: snapshot.headNumber - chain.settings.finalityDepth,
    notBefore: new Date(submission.signedAt.getTime() - NONCE_READ_SLACK_MS),
  })
  const fields = { laneId: lane.id, submissionId: submission.id, nonce: submission.nonce }
  if (!user) {
    deps.observer.log('warn', 'submission.nonce_used', {
      ...fields,
      message: 'by what is not known or not final yet',
    })
    return false
  }
  if (submission.attempts.some((attempt) => attempt.txHash === user.txHash)) return false
  const isDone = await deps.submissions.withLaneLocked(lane.id, (locked) =>
    locked.requeueReplaced(submission, deps.clock.now()),
  )
  if (!isDone) return false
  deps.observer.count('chain_submissions_replaced_total', { chain: String(lane.chainId) })
  deps.observer.log('error', 'submission.replaced', {
    ...fields,
    address: lane.address,
    foreignTxHash: user.txHash,
    blockNumber: user.blockNumber,
  })
  return true
}
