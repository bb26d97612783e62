import type { JobHandler } from '#adapters/bullmq/workers.ts'
import { type SubmitLaneDeps, submitLane } from '#core/transaction/submit-lane.ts'

/** Works off a lane's queue. What ends a run early is looked at again by the next block's ring or the sweeper. */
export function submitLaneJob(deps: SubmitLaneDeps): JobHandler {
  return async (laneId) => ((await submitLane(deps, laneId)).outcome === 'more' ? 'again' : undefined)
}
