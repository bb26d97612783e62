import type { LaneView } from './lane-view.ts'
import { resumeLane } from './pause-lane.ts'
import { TRANSACTION_GAS_MAX } from './plan-batch.ts'
import type { SubmissionDeps } from './submission-deps.ts'

/** Full batches that a relayer should always be able to pay for at twice the present base fee. */
const RESERVE_BATCHES = 3n

/**
 * Records what the relayer has, warns when it runs low, and resumes a lane that was out of gas once it holds more than when it
 * was paused; where it is not known what it had then, once it can pay for what it has signed.
 */
export async function checkLaneBalance(deps: SubmissionDeps, view: LaneView): Promise<void> {
  const { lane, snapshot } = view
  const { balanceWei } = snapshot
  deps.observer.gauge('lane_balance_wei', Number(balanceWei), { chain: String(lane.chainId), lane: lane.id })
  // First this: once the balance is recorded, nothing tells any more that it has grown since the pause.
  const wasOutOfGas = lane.pauseReason === 'out_of_gas'
  const isFunded = wasOutOfGas && (await hasEnoughAgain(deps, view))
  if (isFunded) await resumeLane(deps, lane, 'out_of_gas')
  // A balance that nobody knew before may be that of a relayer who was funded just now, but with too little.
  const isUnknown = wasOutOfGas && lane.balanceWei === null && !isFunded
  if (balanceWei !== lane.balanceWei && !isUnknown)
    await deps.lanes.recordBalance(lane.id, balanceWei, deps.clock.now(), wasOutOfGas && !isFunded)
  if (wasOutOfGas) return
  const reserve =
    RESERVE_BATCHES * TRANSACTION_GAS_MAX * (2n * snapshot.baseFeePerGas + snapshot.priorityFeePerGas)
  const wasEnough = lane.balanceWei === null || lane.balanceWei >= reserve
  if (balanceWei >= reserve || !wasEnough) return
  deps.observer.log('warn', 'lane.low_balance', {
    laneId: lane.id,
    chainId: lane.chainId,
    address: lane.address,
    balanceWei,
    reserveWei: reserve,
  })
}

/** A node that refused bytes for want of funds did not say what there was; then what is in flight is the measure. */
async function hasEnoughAgain(deps: SubmissionDeps, { lane, snapshot }: LaneView): Promise<boolean> {
  const { balanceWei } = snapshot
  if (lane.balanceWei !== null) return balanceWei > lane.balanceWei
  const neededWei = await deps.submissions.withLaneLocked(lane.id, async ({ state }) => state.inFlightCostWei)
  return neededWei !== null && balanceWei >= neededWei
}
