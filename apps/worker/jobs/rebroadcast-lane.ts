import type { JobHandler } from '#adapters/bullmq/workers.ts'
import { rebroadcastLane } from '#core/transaction/rebroadcast-lane.ts'
import type { SubmissionDeps } from '#core/transaction/submission-deps.ts'

/** Looks after what a lane has signed until it is in a block, and wakes a paused lane up when its cause has passed. */
export function rebroadcastLaneJob(deps: SubmissionDeps): JobHandler {
  return async (laneId) => {
    await rebroadcastLane(deps, laneId)
  }
}
