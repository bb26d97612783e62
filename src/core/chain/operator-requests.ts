import type { LaneSnapshot } from './chain-rpc.ts'

/** Port: what operators asked of a lane's submissions, and what they are shown of the lane; with the worker's rights. */
export interface OperatorRequests {
  /** Signed submissions in no block that are to be sent now, with the moment of the request. */
  read(laneId: string): Promise<ReadonlyMap<string, Date>>
  /** Takes a request away, unless it was made anew since. */
  end(submissionId: string, requestedAt: Date): Promise<void>
  /** What the chain says of the lane now. */
  recordSnapshot(laneId: string, snapshot: LaneSnapshot, at: Date): Promise<void>
}
