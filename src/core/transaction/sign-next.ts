import { type ChainRpc, type LaneSnapshot } from '../chain/chain-rpc.ts'
import type { Fees } from '../chain/fee-policy.ts'
import type { Lane } from '../chain/lane.ts'
import type { LaneSigner } from '../chain/lane-signer.ts'
import type { NewAttempt, SubmissionCall } from '../chain/submission.ts'
import type { LaneState, LockedLane, QueuedEconomy } from '../chain/submission-store.ts'
import { BATCH_PAYMENTS_MAX, planBatch, TRANSACTION_GAS_MAX } from './plan-batch.ts'
import type { SubmissionDeps } from './submission-deps.ts'

/** Signed submissions of a lane that are in no block yet. More would only pile up behind a stuck one. */
export const IN_FLIGHT_MAX = 16
/** Wei that a transfer of coins leaves its lane at least: gas for the payments of everyone else on it. */
export const LANE_RESERVE_WEI = 10n ** 18n
/** Gas of a plain call without data, and the most that a byte of calldata adds. @see EIP-7623 */
const INTRINSIC_GAS = 21_000n
const CALLDATA_BYTE_GAS = 40n

/** What a lane signs with: unlocked key, chain, and the chain's state and prices of a moment ago. */
export interface Desk {
  lane: Lane
  chain: ChainRpc
  signer: LaneSigner
  snapshot: LaneSnapshot
  fees: Fees
  /** Nonces below this were looked at: whatever used them was no payment of ours. */
  inspectedBelow?: number
}

/** signed: stored and ready to go out, `hasTakenAll` where it has left nothing of its economy queued · nothing: somebody else took the work · refused: the lane must not sign now. */
export type Signing =
  | { status: 'signed'; attempt: NewAttempt; transactions: number; hasTakenAll: boolean }
  | { status: 'nothing' }
  | { status: 'refused'; because: 'in_flight_full' | 'lane_paused' | 'chain_halted' }
  | { status: 'refused'; because: 'out_of_gas'; neededWei: bigint }
  /** The chain has used these, both inclusive, and no row knows them: they have to be looked at first. */
  | { status: 'refused'; because: 'unknown_nonces'; first: number; last: number }

type Deps = Pick<SubmissionDeps, 'submissions' | 'clock' | 'ids' | 'observer' | 'reach' | 'recovery'>

/**
 * Signs the next submission of a lane, in one database transaction under the lane's lock: nonce, signed bytes and the
 * transactions' new status are stored together or not at all.
 * @param target The economy whose payments to batch, or the oldest administrative call.
 */
export async function signNext(
  deps: Deps,
  desk: Desk,
  target: QueuedEconomy | 'administrative',
): Promise<Signing> {
  await deps.reach?.('before_claim')
  const signing = await deps.submissions.withLaneLocked(desk.lane.id, async (locked): Promise<Signing> => {
    const because = refusal(locked.state)
    if (because) return { status: 'refused', because }
    const unknown = unknownNonces(deps, desk, locked.state)
    if (unknown) return unknown
    if (target === 'administrative') return signAdministrative(deps, desk, locked)
    return signBatch(deps, desk, locked, target)
  })
  await deps.reach?.('after_store')
  return signing ?? { status: 'nothing' }
}

async function signBatch(
  deps: Deps,
  desk: Desk,
  locked: LockedLane,
  economy: QueuedEconomy,
): Promise<Signing> {
  const queued = await locked.claimPayments(economy.economyId, BATCH_PAYMENTS_MAX)
  await deps.reach?.('after_claim')
  const plan = planBatch(queued, desk.snapshot.blockGasLimit)
  if (plan.transactionIds.length === 0) return { status: 'nothing' }
  const neededWei = shortage(locked.state, desk, plan.gasLimit)
  if (neededWei !== null) return refuseUnfunded(locked.state, neededWei)

  const id = deps.ids.next()
  const call: SubmissionCall = {
    to: economy.tokenRulesAddress,
    data: desk.chain.encodeBatch(id, plan.payments),
    gasLimit: plan.gasLimit,
  }
  const nonce = nextNonce(deps, desk, locked.state)
  const attempt = firstAttempt(deps, desk, id, nonce, call)
  await deps.reach?.('after_sign')
  await locked.recordBatch({ economy, call, nonce, attempt, transactionIds: plan.transactionIds })
  const transactions = plan.transactionIds.length
  const hasTakenAll = queued.length < BATCH_PAYMENTS_MAX && transactions === queued.length
  return { status: 'signed', attempt, transactions, hasTakenAll }
}

async function signAdministrative(deps: Deps, desk: Desk, locked: LockedLane): Promise<Signing> {
  const submission = await locked.claimAdministrative()
  await deps.reach?.('after_claim')
  if (!submission) return { status: 'nothing' }
  const call = { ...submission.call, gasLimit: possibleGas(submission.call, desk.snapshot.blockGasLimit) }
  const { value = 0n } = call
  // Payments must never wait for a lane to have coins to give away.
  if (value > 0n && shortage(locked.state, desk, call.gasLimit, value + LANE_RESERVE_WEI) !== null) {
    await locked.refuseAdministrative(submission.id, 'the lane has not enough coins', deps.clock.now())
    return { status: 'nothing' }
  }
  const neededWei = shortage(locked.state, desk, call.gasLimit)
  if (neededWei !== null) return refuseUnfunded(locked.state, neededWei)

  const nonce = nextNonce(deps, desk, locked.state)
  const attempt = firstAttempt(deps, desk, submission.id, nonce, call)
  await deps.reach?.('after_sign')
  await locked.recordAdministrative(submission.id, nonce, call.gasLimit, attempt)
  return { status: 'signed', attempt, transactions: 0, hasTakenAll: false }
}

function refusal(state: LaneState): 'in_flight_full' | 'lane_paused' | 'chain_halted' | null {
  if (state.lane.status !== 'active') return 'lane_paused'
  if (!state.lane.isChainActive) return 'chain_halted'
  return state.inFlight >= IN_FLIGHT_MAX ? 'in_flight_full' : null
}

/** A forgotten payment must be recognised before anything is signed; see inspect-unknown-nonces.ts. */
function unknownNonces(deps: Deps, desk: Desk, state: LaneState): Signing | null {
  const { transactionCount, pendingCount = 0 } = desk.snapshot
  const first = (state.lastNonce ?? -1) + 1
  const last = Math.max(transactionCount, pendingCount) - 1
  if (!deps.recovery || last < Math.max(first, desk.inspectedBelow ?? 0)) return null
  return { status: 'refused', because: 'unknown_nonces', first, last }
}

/**
 * One more than the lane's highest row, or the chain's count where that is higher: then somebody else uses the key. Counting
 * from the latest block rather than from the pool leaves no gap that nobody fills.
 */
function nextNonce(deps: Deps, desk: Desk, state: LaneState): number {
  const { transactionCount } = desk.snapshot
  if (state.lastNonce === null) return transactionCount
  const next = state.lastNonce + 1
  if (transactionCount <= next) return next
  deps.observer.count('lane_foreign_nonces_total', { chain: String(desk.lane.chainId) })
  deps.observer.log('error', 'lane.key_used_elsewhere', {
    laneId: desk.lane.id,
    address: desk.lane.address,
    expectedNonce: next,
    transactionCount,
  })
  return transactionCount
}

/** The wei that the lane would need where it has less; what is in flight counts at its highest price. */
function shortage(state: LaneState, desk: Desk, gasLimit: bigint, besidesWei = 0n): bigint | null {
  const neededWei = state.inFlightCostWei + gasLimit * desk.fees.maxFeePerGas + besidesWei
  return desk.snapshot.balanceWei < neededWei ? neededWei : null
}

/** What is in flight was reserved at its highest price and mostly comes back: only an idle lane is really out of gas. */
function refuseUnfunded(state: LaneState, neededWei: bigint): Signing {
  if (state.inFlight > 0) return { status: 'refused', because: 'in_flight_full' }
  return { status: 'refused', because: 'out_of_gas', neededWei }
}

function firstAttempt(
  deps: Deps,
  desk: Desk,
  submissionId: string,
  nonce: number,
  call: SubmissionCall,
): NewAttempt {
  return {
    submissionId,
    attempt: 1,
    fees: desk.fees,
    signedAt: deps.clock.now(),
    ...signCall(desk, nonce, call, desk.fees),
  }
}

/** Signs a call at a nonce. */
export function signCall(
  desk: Pick<Desk, 'lane' | 'signer'>,
  nonce: number,
  call: SubmissionCall,
  fees: Fees,
) {
  return desk.signer.sign({ chainId: desk.lane.chainId, nonce, ...call, ...fees })
}

/** A gas limit that a node can take: a call that no node takes would block every later nonce of the lane. */
function possibleGas(call: SubmissionCall, blockGasLimit: bigint): bigint {
  const least = INTRINSIC_GAS + CALLDATA_BYTE_GAS * BigInt(call.data.length)
  const most = blockGasLimit < TRANSACTION_GAS_MAX ? blockGasLimit : TRANSACTION_GAS_MAX
  const wanted = call.gasLimit > least ? call.gasLimit : least
  return wanted < most ? wanted : most
}
