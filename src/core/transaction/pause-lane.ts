import type { Lane, PauseReason } from '../chain/lane.ts'
import type { SubmissionDeps } from './submission-deps.ts'

type Deps = Pick<SubmissionDeps, 'lanes' | 'observer'>

/** Stops a lane from signing, with an alarm. Nothing is lost: transactions stay queued, holds stay pending. Idempotent. */
export async function pauseLane(deps: Deps, lane: Lane, reason: PauseReason, detail: string): Promise<void> {
  if (!(await deps.lanes.pause(lane.id, reason))) return
  deps.observer.count('lane_pauses_total', { chain: String(lane.chainId), reason })
  deps.observer.log('error', 'lane.paused', {
    laneId: lane.id,
    chainId: lane.chainId,
    address: lane.address,
    reason,
    detail,
  })
}

/** Lets a lane sign again if it was paused for this reason. Idempotent. */
export async function resumeLane(deps: Deps, lane: Lane, reason: PauseReason): Promise<void> {
  if (!(await deps.lanes.resume(lane.id, reason))) return
  deps.observer.log('info', 'lane.resumed', { laneId: lane.id, chainId: lane.chainId, reason })
}
