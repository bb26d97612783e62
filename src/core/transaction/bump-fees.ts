import { needsHigherFee } from '../chain/broadcast-answer.ts'
import { bumpedFees, coversBaseFee, type Fees } from '../chain/fee-policy.ts'
import type { LaneSigner } from '../chain/lane-signer.ts'
import type { NewAttempt } from '../chain/submission.ts'
import { msApart } from '../shared/clock.ts'
import { broadcastSubmission } from './broadcast-submission.ts'
import { isMined, type LaneView, type SeenSubmission } from './lane-view.ts'
import { signCall } from './sign-next.ts'
import type { SubmissionDeps } from './submission-deps.ts'

/** A pending transaction is stuck after this many blocks' time, and never before the milliseconds. */
const STUCK_BLOCKS = 5
const STUCK_MS_MIN = 5_000
/** Attempts of one submission: at 12.5 % each, the last one offers a hundred times the first. */
const ATTEMPTS_MAX = 40

/**
 * Offers more for submissions that are stuck in the pool or that the node refused for their fee: same nonce, same call, at
 * least 12.5 % more on both fees, up to the chain's cap. The new attempt is stored before it is sent; every attempt of the
 * nonce stays watched, and only one can land. At the cap nothing is done: the offer stands until the market comes back.
 * @param requests Submissions that an operator wants to have sent now: they count as stuck after one block's time.
 * @returns how many were raised.
 */
export async function bumpFees(
  deps: SubmissionDeps,
  view: LaneView,
  requests: ReadonlyMap<string, Date> = new Map(),
): Promise<number> {
  const stuck = view.submissions.filter((seen) => isStuck(deps, view, seen, requests.has(seen.submission.id)))
  if (stuck.length === 0) return 0
  const signer = await deps.signers.of(view.lane)
  let bumped = 0
  for (const seen of stuck) if (await bump(deps, view, signer, seen)) bumped += 1
  return bumped
}

/**
 * The lane's next nonce may be stuck for any reason; one behind it only because its offer is below the base fee. An absent
 * transaction is not stuck but dropped: its bytes go out again first.
 */
function isStuck(deps: SubmissionDeps, view: LaneView, seen: SeenSubmission, isRequested: boolean): boolean {
  const { submission, places, latest } = seen
  const { snapshot, chain } = view
  if (submission.nonce < snapshot.transactionCount || isMined(seen)) return false
  if (needsHigherFee(latest.lastAnswer)) return true
  if (!places.includes('pending')) return false
  const isNext = submission.nonce === snapshot.transactionCount
  if (!isNext && coversBaseFee(latest.fees, snapshot)) return false
  const waitedMs = msApart(deps.clock.now(), latest.broadcastAt ?? latest.signedAt)
  const { blockTimeMs } = chain.settings
  return waitedMs >= (isRequested ? blockTimeMs : Math.max(STUCK_BLOCKS * blockTimeMs, STUCK_MS_MIN))
}

async function bump(
  deps: SubmissionDeps,
  view: LaneView,
  signer: LaneSigner,
  seen: SeenSubmission,
): Promise<boolean> {
  const { lane, chain, snapshot } = view
  const { submission, latest } = seen
  const fees = bumpedFees(latest.fees, snapshot, chain.settings.maxFeePerGasCap)
  if (!fees || submission.attempts.length >= ATTEMPTS_MAX) {
    deps.observer.count('chain_fee_cap_reached_total', { chain: String(lane.chainId) })
    deps.observer.log('warn', 'submission.waits_for_lower_fees', {
      laneId: lane.id,
      submissionId: submission.id,
      nonce: submission.nonce,
      maxFeePerGas: latest.fees.maxFeePerGas,
      baseFeePerGas: snapshot.baseFeePerGas,
    })
    return false
  }
  const attempt = await storeAttempt(deps, view, signer, seen, fees)
  if (!attempt) return false
  deps.observer.count('chain_fee_bumps_total', { chain: String(lane.chainId) })
  deps.observer.log('info', 'submission.fee_raised', {
    laneId: lane.id,
    submissionId: submission.id,
    nonce: submission.nonce,
    attempt: attempt.attempt,
    maxFeePerGas: fees.maxFeePerGas,
  })
  await broadcastSubmission(deps, view, attempt, attempt.rawTx)
  return true
}

async function storeAttempt(
  deps: SubmissionDeps,
  view: LaneView,
  signer: LaneSigner,
  { submission, latest }: SeenSubmission,
  fees: Fees,
): Promise<NewAttempt | null> {
  return deps.submissions.withLaneLocked(view.lane.id, async (locked) => {
    const call = await locked.readCall(submission.id)
    if (!call) return null
    const attempt: NewAttempt = {
      submissionId: submission.id,
      attempt: latest.attempt + 1,
      fees,
      signedAt: deps.clock.now(),
      ...signCall({ lane: view.lane, signer }, submission.nonce, call, fees),
    }
    await deps.reach?.('after_sign')
    return (await locked.addAttempt(attempt)) ? attempt : null
  })
}
