import type { JobHandler } from '#adapters/bullmq/workers.ts'
import { rebroadcastLane } from '#core/transaction/rebroadcast-lane.ts'
import { recoverLane, type Recovery } from '#core/transaction/recover-lane.ts'
import type { SubmissionDeps } from '#core/transaction/submission-deps.ts'

/**
 * Looks after what a lane has signed until it is in a block, and wakes a paused lane up when its cause has passed. After a
 * restored backup, and an operator's word, it reads back from the chain what the database has forgotten.
 */
export function rebroadcastLaneJob(deps: SubmissionDeps & { recovery: Recovery }): JobHandler {
  return async (laneId) => {
    await rebroadcastLane(deps, laneId)
    return (await recoverLane(deps, laneId)).outcome === 'more' ? 'again' : undefined
  }
}
