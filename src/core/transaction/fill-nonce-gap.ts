import { feesFor } from '../chain/fee-policy.ts'
import type { NewAttempt, SubmissionCall } from '../chain/submission.ts'
import { msApart } from '../shared/clock.ts'
import { broadcastSubmission } from './broadcast-submission.ts'
import type { LaneView } from './lane-view.ts'
import { signCall } from './sign-next.ts'
import type { SubmissionDeps } from './submission-deps.ts'

/** Milliseconds. A gap that a lagging node only seems to show is gone by then. */
const GAP_SETTLED_MS = 3_000
/**
 * Milliseconds, for a gap below the lane's first nonce. There the key was used before it became a lane, so that nearly always
 * a node lags; but the blocks in which it was used may have been orphaned.
 */
const FIRST_GAP_SETTLED_MS = 60_000
/** Nonces closed per run. */
const GAP_MAX = 64
const FILLER_GAS = 21_000n

/**
 * Closes the gap between the chain's count and the lane's lowest open nonce, behind which nothing would ever be mined. Where a
 * row has the nonce (the chain lost a block that we counted on), its stored bytes go out again; where none has, a call that
 * does nothing takes it. Never moves any nonce downwards.
 * @returns how many nonces were worked on.
 */
export async function fillNonceGap(deps: SubmissionDeps, view: LaneView): Promise<number> {
  const [lowest] = view.submissions
  const first = view.snapshot.transactionCount
  if (!lowest || lowest.submission.nonce <= first) return 0
  const ageMs = msApart(deps.clock.now(), lowest.submission.signedAt)
  if (ageMs < GAP_SETTLED_MS) return 0
  const last = Math.min(lowest.submission.nonce, first + GAP_MAX) - 1
  deps.observer.count('lane_nonce_gaps_total', { chain: String(view.lane.chainId) })
  deps.observer.log('error', 'lane.nonce_gap', { laneId: view.lane.id, first, last })
  await resendLost(deps, view, first, last)
  const mayBeFirst = ageMs >= FIRST_GAP_SETTLED_MS
  for (let nonce = first; nonce <= last; nonce += 1) await fill(deps, view, nonce, mayBeFirst)
  return last - first + 1
}

async function resendLost(deps: SubmissionDeps, view: LaneView, first: number, last: number): Promise<void> {
  const attempts = await deps.submissions.attemptsBetween(view.lane.id, first, last)
  const rawTxs = await deps.submissions.rawTxs(attempts)
  for (const attempt of attempts) {
    const rawTx = rawTxs.get(attempt.txHash)
    if (rawTx) await broadcastSubmission(deps, view, attempt, rawTx)
  }
}

async function fill(deps: SubmissionDeps, view: LaneView, nonce: number, mayBeFirst: boolean): Promise<void> {
  const { lane, chain, snapshot } = view
  const fees = feesFor(snapshot, chain.settings.maxFeePerGasCap)
  if (!fees) return
  const signer = await deps.signers.of(lane)
  const call: SubmissionCall = { to: lane.address, data: new Uint8Array(), gasLimit: FILLER_GAS }
  const attempt: NewAttempt = {
    submissionId: deps.ids.next(),
    attempt: 1,
    fees,
    signedAt: deps.clock.now(),
    ...signCall({ lane, signer }, nonce, call, fees),
  }
  const isStored = await deps.submissions.withLaneLocked(lane.id, (locked) =>
    locked.recordFiller({ nonce, call, attempt, mayBeFirst }),
  )
  if (isStored) await broadcastSubmission(deps, view, attempt, attempt.rawTx)
}
