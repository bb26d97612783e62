import type { ChainRpc, LaneSnapshot, TransactionPlace } from '../chain/chain-rpc.ts'
import type { Lane } from '../chain/lane.ts'
import type { Attempt, OpenSubmission } from '../chain/submission.ts'
import type { SubmissionDeps } from './submission-deps.ts'

/** A lane's open submissions beside what the chain says of them. */
export interface LaneView {
  lane: Lane
  chain: ChainRpc
  snapshot: LaneSnapshot
  submissions: readonly SeenSubmission[]
}

export interface SeenSubmission {
  submission: OpenSubmission
  /** Of the attempts, in their order. */
  places: readonly TransactionPlace[]
  /** The newest attempt. */
  latest: Attempt
}

/**
 * Asks the chain first for the lane's nonce count and then for the transactions: what the count says was used must then be
 * found, or somebody else used it.
 * @throws ChainUnavailable
 */
export async function viewLane(
  deps: Pick<SubmissionDeps, 'submissions' | 'chains'>,
  lane: Lane,
): Promise<LaneView> {
  const chain = deps.chains.get(lane.chainId)
  const open = await deps.submissions.open(lane.id)
  const snapshot = await chain.laneSnapshot(lane.address)
  const places = await chain.placesOf(open.flatMap(({ attempts }) => attempts.map(({ txHash }) => txHash)))
  const submissions: SeenSubmission[] = []
  let start = 0
  for (const submission of open) {
    const end = start + submission.attempts.length
    const latest = submission.attempts.at(-1)
    if (latest) submissions.push({ submission, places: places.slice(start, end), latest })
    start = end
  }
  return { lane, chain, snapshot, submissions }
}

/** In a block, as far as the node knows; the indexer will meet it. */
export function isMined(seen: SeenSubmission): boolean {
  return seen.places.includes('mined')
}
