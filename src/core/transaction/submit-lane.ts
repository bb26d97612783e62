import { type BatchProbe, type ChainRpc, ChainUnavailable } from '../chain/chain-rpc.ts'
import { feesFor } from '../chain/fee-policy.ts'
import type { Lane } from '../chain/lane.ts'
import type { QueuedEconomy } from '../chain/submission-store.ts'
import { broadcastSubmission } from './broadcast-submission.ts'
import { inspectUnknownNonces } from './inspect-unknown-nonces.ts'
import {
  gatheringMs,
  inTurn,
  type LaneMemory,
  recentProbe,
  recentSnapshot,
  rememberBatch,
} from './lane-memory.ts'
import { pauseLane } from './pause-lane.ts'
import { type Desk, type Signing, signNext } from './sign-next.ts'
import type { SubmissionDeps } from './submission-deps.ts'

/** Submissions per run: a run hands over to the next one instead of holding its place for ever. */
const TURNS_MAX = 64

export interface SubmitLaneDeps extends SubmissionDeps {
  memory: LaneMemory
  /**
   * Waits that many milliseconds. With it, an economy's batches follow each other at a distance, so that each is worth its cost;
   * the first one after a pause goes at once. Without it all do.
   */
  pause?: (ms: number) => Promise<void>
}

/**
 * Why a run ended. `idle`: nothing is queued · `more`: it stopped at its bound, run again · `in_flight_full`: wait for a
 * block · `held_back`: only economies that take no batch now have work · the others say what has to change first.
 */
export type LaneOutcome =
  | 'idle'
  | 'more'
  | 'held_back'
  | 'in_flight_full'
  | 'fee_above_cap'
  | 'out_of_gas'
  | 'lane_paused'
  | 'key_used_elsewhere'
  | 'chain_halted'
  | 'chain_unavailable'
  | 'unknown_lane'

export interface LaneReport {
  outcome: LaneOutcome
  submissions: number
  transactions: number
}

/** One lane while this run works on it. */
interface Run {
  lane: Lane
  chain: ChainRpc
  /** Economies that this run leaves alone: their rules refuse batches, or another process has their transactions. */
  passedOver: Set<string>
}

/**
 * Works off a lane's queue: administrative calls first, then the economies in turn, one batch each, so that none waits longer
 * because another floods.
 *
 * Each submission is one database transaction that takes the nonce, stores the signed bytes and moves the transactions to
 * `submitted`; only then the bytes go out. A crash anywhere leaves either queued transactions or stored bytes, which
 * `rebroadcastLane` sends again. Any number of processes may run this for the same lane.
 * @throws KeyUnreadable when the lane's key cannot be unlocked.
 */
export async function submitLane(deps: SubmitLaneDeps, laneId: string): Promise<LaneReport> {
  const report = { submissions: 0, transactions: 0 }
  const lane = await deps.lanes.find(laneId)
  if (!lane) return { ...report, outcome: 'unknown_lane' }
  if (lane.status !== 'active') return { ...report, outcome: 'lane_paused' }
  const run: Run = { lane, chain: deps.chains.get(lane.chainId), passedOver: new Set() }
  const broadcasts = inOrder()
  try {
    for (let turn = 0; turn < TURNS_MAX; turn += 1) {
      const signing = await takeTurn(deps, run)
      if (signing.status === 'ended') return { ...report, outcome: signing.outcome }
      if (signing.status === 'nothing') continue
      const { attempt, transactions } = signing
      report.submissions += 1
      report.transactions += transactions
      broadcasts.add(() => broadcastSubmission(deps, run, attempt, attempt.rawTx))
      if (signing.isLast) return { ...report, outcome: 'idle' }
    }
    return { ...report, outcome: 'more' }
  } catch (error) {
    if (!(error instanceof ChainUnavailable)) throw error
    deps.observer.log('warn', 'lane.chain_unavailable', {
      laneId,
      chainId: lane.chainId,
      message: error.message,
    })
    return { ...report, outcome: 'chain_unavailable' }
  } finally {
    await broadcasts.done()
  }
}

/** `isLast`: all that the turn found is signed. Whatever has come since has rung for a run of its own, or is found by the sweeper. */
type Turn =
  | (Extract<Signing, { status: 'signed' }> & { isLast: boolean })
  | Extract<Signing, { status: 'nothing' }>
  | { status: 'ended'; outcome: LaneOutcome }

async function takeTurn(deps: SubmitLaneDeps, run: Run): Promise<Turn> {
  const { lane, chain } = run
  const work = await deps.submissions.work(lane.id)
  const target = work.hasAdministrative ? 'administrative' : await nextEconomy(deps, run, work.economies)
  if (!target) return { status: 'ended', outcome: work.economies.length > 0 ? 'held_back' : 'idle' }
  if (target !== 'administrative' && deps.pause) {
    const waitMs = gatheringMs(deps, target.economyId)
    if (waitMs > 0) await deps.pause(waitMs)
  }

  const snapshot = await recentSnapshot(deps, lane, chain)
  const fees = feesFor(snapshot, chain.settings.maxFeePerGasCap)
  if (!fees) {
    deps.observer.log('warn', 'lane.fee_above_cap', {
      laneId: lane.id,
      baseFeePerGas: snapshot.baseFeePerGas,
    })
    return { status: 'ended', outcome: 'fee_above_cap' }
  }
  const signer = await deps.signers.of(lane)
  const desk: Desk = { lane, chain, signer, snapshot, fees }
  const signing = await signInspected(deps, desk, target)
  if (target !== 'administrative') {
    deps.memory.lastServed.set(lane.id, target.economyId)
    if (signing.status === 'nothing') run.passedOver.add(target.economyId)
    if (signing.status === 'signed') rememberBatch(deps, target.economyId, signing.transactions)
  }
  if (signing.status === 'nothing') return signing
  if (signing.status === 'signed') {
    return { ...signing, isLast: signing.hasTakenAll && work.economies.length === 1 }
  }
  if (signing.because === 'unknown_nonces') return { status: 'ended', outcome: 'key_used_elsewhere' }
  if (signing.because === 'out_of_gas') {
    await pauseLane(deps, lane, 'out_of_gas', `needs ${signing.neededWei} wei and has ${snapshot.balanceWei}`)
    await deps.lanes.recordBalance(lane.id, snapshot.balanceWei, deps.clock.now(), true)
  }
  return { status: 'ended', outcome: signing.because }
}

/** Signs; where the chain has used nonces that no row knows, only after they were looked at. */
async function signInspected(
  deps: SubmitLaneDeps,
  desk: Desk,
  target: QueuedEconomy | 'administrative',
): Promise<Signing> {
  const signing = await signNext(deps, desk, target)
  if (signing.status !== 'refused' || signing.because !== 'unknown_nonces') return signing
  const { lane, chain, snapshot } = desk
  const { first, last } = signing
  deps.observer.count('lane_unknown_nonces_total', { chain: String(lane.chainId) })
  const seen = await inspectUnknownNonces(deps, lane, chain, { first, last, headNumber: snapshot.headNumber })
  if (seen === 'harmless') return signNext(deps, { ...desk, inspectedBelow: last + 1 }, target)
  deps.observer.log('error', 'lane.key_used_elsewhere', {
    laneId: lane.id,
    address: lane.address,
    firstNonce: first,
    lastNonce: last,
    message: seen === 'payments' ? 'payments that no row knows' : 'by what is in no block yet',
  })
  return signing
}

/**
 * The next economy in turn whose rules take a batch, one that need not gather before those that do. One whose rules take none is
 * left queued; no gas is spent on it.
 */
async function nextEconomy(
  deps: SubmitLaneDeps,
  run: Run,
  economies: readonly QueuedEconomy[],
): Promise<QueuedEconomy | null> {
  const { lane, chain, passedOver } = run
  const isGathering = ({ economyId }: QueuedEconomy) =>
    deps.pause !== undefined && gatheringMs(deps, economyId) > 0
  const turns = inTurn(deps, lane.id, economies)
  const ordered = [...turns.filter((economy) => !isGathering(economy)), ...turns.filter(isGathering)]
  for (const economy of ordered) {
    if (passedOver.has(economy.economyId)) continue
    const probe = await recentProbe(deps, lane, chain, economy)
    tellHeldBack(deps, lane, economy, probe)
    if (probe.isOpen) return economy
    passedOver.add(economy.economyId)
  }
  return null
}

/** An alarm when an economy's rules begin to refuse batches, or for another reason than before. */
function tellHeldBack(deps: SubmitLaneDeps, lane: Lane, economy: QueuedEconomy, probe: BatchProbe): void {
  const { economyId, tenantId } = economy
  if (probe.isOpen) {
    deps.memory.heldBack.delete(economyId)
    return
  }
  if (deps.memory.heldBack.get(economyId) === probe.reason) return
  deps.memory.heldBack.set(economyId, probe.reason)
  deps.observer.count('economies_held_back_total', { chain: String(lane.chainId) })
  deps.observer.log('error', 'economy.held_back', {
    economyId,
    tenantId,
    laneId: lane.id,
    reason: probe.reason,
  })
}

/** Runs tasks one after the other, in their order, beside the caller, who waits for all of them at the end. */
function inOrder() {
  let tail: Promise<unknown> = Promise.resolve()
  let failure: { error: unknown } | null = null
  return {
    add(task: () => Promise<unknown>): void {
      tail = tail.then(task).catch((error: unknown) => {
        failure ??= { error }
      })
    },
    /** @throws the first task's error. */
    async done(): Promise<void> {
      await tail
      if (failure) throw failure.error
    },
  }
}
