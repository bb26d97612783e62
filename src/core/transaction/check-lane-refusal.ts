import type { LaneView, SeenSubmission } from './lane-view.ts'
import { resumeLane } from './pause-lane.ts'
import type { SubmissionDeps } from './submission-deps.ts'

/**
 * Lets a lane sign again that a node's refusal paused, once everything it signed is in a pool or in a block: the bytes were
 * taken after all, by another node or before the answer, and no broadcast is left whose answer would tell.
 */
export async function checkLaneRefusal(deps: SubmissionDeps, { lane, submissions }: LaneView): Promise<void> {
  if (lane.pauseReason !== 'rejected' || !submissions.every(isTaken)) return
  await resumeLane(deps, lane, 'rejected')
}

function isTaken({ places }: SeenSubmission): boolean {
  return places.some((place) => place !== 'absent')
}
