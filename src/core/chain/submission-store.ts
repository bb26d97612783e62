import type { BroadcastAnswer } from './broadcast-answer.ts'
import type { Lane, PauseReason } from './lane.ts'
import type { QueuedPayment } from './queued-payment.ts'
import type {
  AttemptRef,
  NewAttempt,
  OpenSubmission,
  QueuedSubmission,
  SubmissionCall,
} from './submission.ts'

/** An active economy of a lane with queued transactions. */
export interface QueuedEconomy {
  economyId: string
  tenantId: string
  tokenRulesAddress: string
}

/** What waits for a lane's signature. */
export interface LaneWork {
  hasAdministrative: boolean
  /** By id. */
  economies: QueuedEconomy[]
}

/** A batch with its nonce and its first attempt, and the transactions in their order on the chain. */
export interface SignedBatch {
  economy: QueuedEconomy
  call: SubmissionCall
  nonce: number
  attempt: NewAttempt
  transactionIds: readonly string[]
}

/** What is known of a lane while its lock is held. */
export interface LaneState {
  lane: Lane
  /** Null while the lane never signed. */
  lastNonce: number | null
  /** Signed submissions that are in no block yet. */
  inFlight: number
  /** Wei that they may cost at most. */
  inFlightCostWei: bigint
}

/** The lane's row is locked: nobody else gives nonces or attempts until the transaction ends. */
export interface LockedLane {
  readonly state: LaneState
  /** The oldest queued administrative submission. */
  claimAdministrative(): Promise<QueuedSubmission | null>
  /** Oldest first; those another process holds are passed over. */
  claimPayments(economyId: string, limit: number): Promise<QueuedPayment[]>
  /** Stores submission and attempt, moves the transactions to `submitted` and appends their events. */
  recordBatch(batch: SignedBatch): Promise<void>
  /** Gives a claimed administrative submission its nonce and first attempt. */
  recordAdministrative(
    submissionId: string,
    nonce: number,
    gasLimit: bigint,
    attempt: NewAttempt,
  ): Promise<void>
  /** Ends a claimed administrative submission unsigned. */
  refuseAdministrative(submissionId: string, reason: string, at: Date): Promise<void>
  /** The call of a submission that is signed and in no block yet; null for any other. */
  readCall(submissionId: string): Promise<SubmissionCall | null>
  /** A further attempt at the same nonce. False, and nothing stored, when the submission was mined or has that attempt by now. */
  addAttempt(attempt: NewAttempt): Promise<boolean>
  /**
   * Stores a call that does nothing at a nonce that no row has.
   * @param filler.mayBeFirst Whether the nonce may lie below all rows of the lane.
   * @returns false when a row has it, or it may not lie where it does.
   */
  recordFiller(filler: {
    nonce: number
    call: SubmissionCall
    attempt: NewAttempt
    mayBeFirst: boolean
  }): Promise<boolean>
  /**
   * Ends a submission whose nonce somebody else used, and queues its transactions (or its administrative call, as a new
   * submission) once more. False, and nothing done, unless it is open with just the attempts of `seen`.
   */
  requeueReplaced(seen: OpenSubmission, at: Date): Promise<boolean>
}

/** Port: chain submissions and their attempts, with the worker's rights. */
export interface SubmissionStore {
  work(laneId: string): Promise<LaneWork>
  /** Runs `work` in one database transaction that holds the lane's row. No network call inside. Null for an unknown lane. */
  withLaneLocked<Result>(
    laneId: string,
    work: (locked: LockedLane) => Promise<Result>,
  ): Promise<Result | null>
  /** Signed and in no block yet, by nonce. */
  open(laneId: string): Promise<OpenSubmission[]>
  /** The bytes of attempts, by transaction hash. */
  rawTxs(attempts: readonly AttemptRef[]): Promise<Map<string, Uint8Array>>
  /** The attempts of the lane whose nonce is from `first` to `last`, whatever their status. */
  attemptsBetween(laneId: string, first: number, last: number): Promise<AttemptRef[]>
  /** Appends the node's answer; a `signed` submission that may be out there becomes `broadcast`. */
  recordAnswer(attempt: AttemptRef, answer: BroadcastAnswer, at: Date): Promise<void>
}

/** Port: lanes, with the worker's rights. */
export interface LaneStore {
  find(laneId: string): Promise<Lane | null>
  /** All lanes of the chain, by id. */
  list(chainId: number): Promise<Lane[]>
  /** False when a lane with this chain and address exists. */
  insert(lane: Pick<Lane, 'id' | 'chainId' | 'address' | 'keyJwe'>, at: Date): Promise<boolean>
  /** True when the lane was active. Out of gas, the recorded balance is forgotten: it was evidently wrong. */
  pause(laneId: string, reason: PauseReason): Promise<boolean>
  /** True when the lane was paused for this reason. */
  resume(laneId: string, reason: PauseReason): Promise<boolean>
  /**
   * Nothing is recorded unless the lane is, or is not, out of gas as the caller saw it: a balance read before the lane ran out
   * would look like the one that it has to exceed to go on.
   */
  recordBalance(laneId: string, balanceWei: bigint, at: Date, isOutOfGas: boolean): Promise<void>
}
