import type { NonceUser } from '../chain/chain-rpc.ts'
import { NONCE_FILLER, type OpenSubmission } from '../chain/submission.ts'
import type { Fields } from '../shared/observer.ts'
import { pauseIfPayment } from './inspect-unknown-nonces.ts'
import { isMined, type LaneView, type SeenSubmission } from './lane-view.ts'
import type { SubmissionDeps } from './submission-deps.ts'

/** Milliseconds before a submission was signed in which its nonce may have been used unseen. */
const NONCE_READ_SLACK_MS = 600_000

/**
 * Gives back to the queue what can never land because its nonce was used by a transaction that is not ours. Absence proves
 * nothing (a node may lag), so the foreign transaction itself must be found, in a block that is final by depth. Only then the
 * submission ends as `replaced` and its transactions are queued once more, in one database transaction. Where the foreign
 * transaction is itself a batch or call of ours, nothing is given back: the lane is paused for an operator.
 * @returns how many were given back.
 */
export async function requeueReplaced(deps: SubmissionDeps, view: LaneView): Promise<number> {
  let requeued = 0
  for (const seen of view.submissions) if (await requeue(deps, view, seen)) requeued += 1
  return requeued
}

async function requeue(deps: SubmissionDeps, view: LaneView, seen: SeenSubmission): Promise<boolean> {
  const { lane, snapshot } = view
  const { submission } = seen
  if (submission.nonce >= snapshot.transactionCount || isMined(seen)) return false
  const fields = { laneId: lane.id, submissionId: submission.id, nonce: submission.nonce }
  // A filler has done its work once its nonce is used, by whatever; nothing is given back.
  const user = submission.kind === NONCE_FILLER ? null : await findForeignUser(deps, view, submission, fields)
  if (!user && submission.kind !== NONCE_FILLER) return false
  const isDone = await deps.submissions.withLaneLocked(lane.id, (locked) =>
    locked.requeueReplaced(submission, deps.clock.now()),
  )
  if (!isDone || !user) return false
  deps.observer.count('chain_submissions_replaced_total', { chain: String(lane.chainId) })
  deps.observer.log('error', 'submission.replaced', {
    ...fields,
    address: lane.address,
    foreignTxHash: user.txHash,
    blockNumber: user.blockNumber,
  })
  return true
}

/** The final transaction that used the nonce, unless it is one of ours or not to be found. */
async function findForeignUser(
  deps: SubmissionDeps,
  view: LaneView,
  submission: OpenSubmission,
  fields: Fields,
): Promise<NonceUser | null> {
  const { lane, chain, snapshot } = view
  const user = await chain.findNonceUser({
    address: lane.address,
    nonce: submission.nonce,
    from: snapshot.headNumber - chain.settings.finalityDepth,
    notBefore: new Date(submission.signedAt.getTime() - NONCE_READ_SLACK_MS),
  })
  if (!user) {
    const message = 'by what is not known or not final yet'
    deps.observer.log('warn', 'submission.nonce_used', { ...fields, message })
    return null
  }
  if (submission.attempts.some((attempt) => attempt.txHash === user.txHash)) return null
  // A batch of our own key that we do not know may be this very submission, at a fee that a restored database has forgotten.
  return (await pauseIfPayment(deps, lane, submission.nonce, user)) === 'harmless' ? user : null
}
