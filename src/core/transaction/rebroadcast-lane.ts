import { ChainUnavailable } from '../chain/chain-rpc.ts'
import type { Attempt } from '../chain/submission.ts'
import { msApart } from '../shared/clock.ts'
import { broadcastSubmission } from './broadcast-submission.ts'
import { bumpFees } from './bump-fees.ts'
import { checkLaneBalance } from './check-lane-balance.ts'
import { checkLaneRefusal } from './check-lane-refusal.ts'
import { fillNonceGap } from './fill-nonce-gap.ts'
import { type LaneView, type SeenSubmission, viewLane } from './lane-view.ts'
import { requeueReplaced } from './requeue-replaced.ts'
import type { SubmissionDeps } from './submission-deps.ts'

/** Milliseconds. Younger attempts are on their way: whoever signed them is sending them. */
const RESEND_AFTER_MS = 2_000

export interface RebroadcastReport {
  /** Submissions in no block that the indexer has seen. */
  open: number
  resent: number
  bumped: number
  replaced: number
  filled: number
}

/**
 * Looks after what a lane has signed, until it is in a block: sends the stored bytes again where the node does not have them,
 * closes gaps in the nonces, raises the fee of what is stuck, gives back to the queue what can never land because somebody
 * else used its nonce, and keeps an eye on the relayer's balance.
 *
 * To be run every few seconds for lanes with open submissions, and for paused lanes (it resumes them). Any number of processes
 * may run it at once.
 */
export async function rebroadcastLane(deps: SubmissionDeps, laneId: string): Promise<RebroadcastReport> {
  const report: RebroadcastReport = { open: 0, resent: 0, bumped: 0, replaced: 0, filled: 0 }
  const lane = await deps.lanes.find(laneId)
  if (!lane?.isChainActive) return report
  try {
    const view = await viewLane(deps, lane)
    report.open = view.submissions.length
    await deps.operatorRequests?.recordSnapshot(laneId, view.snapshot, deps.clock.now())
    const requests = (await deps.operatorRequests?.read(laneId)) ?? new Map<string, Date>()
    await checkLaneBalance(deps, view)
    await checkLaneRefusal(deps, view)
    report.filled = await fillNonceGap(deps, view)
    const resent = await resend(deps, view, requests)
    report.resent = resent.size
    report.replaced = await requeueReplaced(deps, view)
    report.bumped = await bumpFees(deps, withAnswers(view, resent), requests)
    for (const [submissionId, requestedAt] of requests)
      await deps.operatorRequests?.end(submissionId, requestedAt)
  } catch (error) {
    if (!(error instanceof ChainUnavailable)) throw error
    deps.observer.log('warn', 'lane.chain_unavailable', {
      laneId,
      chainId: lane.chainId,
      message: error.message,
    })
  }
  return report
}

/** The node's answers by submission. */
type Answers = Map<string, NonNullable<Attempt['lastAnswer']>>

/** What the node does not have, and what an operator asked for, as long as the nonce is free. */
async function resend(
  deps: SubmissionDeps,
  view: LaneView,
  requests: ReadonlyMap<string, Date>,
): Promise<Answers> {
  const answers: Answers = new Map()
  const isRequested = ({ submission }: SeenSubmission) =>
    requests.has(submission.id) && submission.nonce >= view.snapshot.transactionCount
  const absent = view.submissions
    .filter((seen) => isRequested(seen) || isAbsent(deps, view, seen))
    .map(({ latest }) => latest)
  if (absent.length === 0) return answers
  const rawTxs = await deps.submissions.rawTxs(absent)
  for (const attempt of absent) {
    const rawTx = rawTxs.get(attempt.txHash)
    if (!rawTx) continue
    const { verdict, reason } = await broadcastSubmission(deps, view, attempt, rawTx)
    answers.set(attempt.submissionId, { verdict, reason, at: deps.clock.now() })
  }
  deps.observer.count('chain_rebroadcasts_total', { chain: String(view.lane.chainId) }, answers.size)
  return answers
}

/** What the node said just now decides whether a submission needs a higher fee. */
function withAnswers(view: LaneView, answers: Answers): LaneView {
  const submissions = view.submissions.map((seen) => {
    const lastAnswer = answers.get(seen.submission.id)
    return lastAnswer ? { ...seen, latest: { ...seen.latest, lastAnswer } } : seen
  })
  return { ...view, submissions }
}

/** No attempt is in the node's pool or in a block, and the nonce is still free. */
function isAbsent(
  deps: SubmissionDeps,
  view: LaneView,
  { submission, places, latest }: SeenSubmission,
): boolean {
  if (submission.nonce < view.snapshot.transactionCount) return false
  if (places.some((place) => place !== 'absent')) return false
  const lastActAt = latest.lastAnswer?.at ?? latest.signedAt
  return msApart(deps.clock.now(), lastActAt) >= RESEND_AFTER_MS
}
