import type { Chains } from '../chain/chain-rpc.ts'
import type { OperatorRequests } from '../chain/operator-requests.ts'
import type { LaneSigners } from '../chain/lane-signer.ts'
import type { LaneStore, SubmissionStore } from '../chain/submission-store.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import type { Observer } from '../shared/observer.ts'
import type { Recovery } from './recover-lane.ts'

/** Everything that works on a lane's submissions takes these. */
export interface SubmissionDeps {
  lanes: LaneStore
  submissions: SubmissionStore
  chains: Chains
  signers: LaneSigners
  clock: Clock
  ids: Ids
  observer: Observer
  /** Recognises payments of a lane's key that no row knows; without it they are only an alarm. */
  recovery?: Recovery
  /** What operators ask of stuck submissions, and are shown of lanes. */
  operatorRequests?: OperatorRequests
  /** Called at each named point; a test that throws there (or kills the process) simulates a crash. */
  reach?: (point: SubmitPoint) => void | Promise<void>
}

/** Places where a process may die. Whatever happens there, each payment is made once. */
export type SubmitPoint =
  | 'before_claim'
  | 'after_claim'
  | 'after_sign'
  | 'after_store'
  | 'before_broadcast'
  | 'after_broadcast'
  | 'after_answer'
