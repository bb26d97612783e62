import { ChainUnavailable } from '../chain/chain-rpc.ts'
import type { JobDispatcher } from '../outbox/job-dispatcher.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import type { Observer } from '../shared/observer.ts'
import { toUtilityDown } from './backing.ts'
import { decideNext, type MessageView, type NextCall, type NextStep, statusOf } from './decide-next.ts'
import { exitOf } from './exit-of.ts'
import { type BoxPlace, withGasMargin } from './gateway-reader.ts'
import { hasEnded, type MessageStatus, OVERDUE_AFTER_SECONDS } from './message.ts'
import type { GatewayEnd, MessageChange, MessageDesk, MessageInWork } from './message-desk.ts'
import { stepsOf } from './message-steps.ts'
import { topicOfChange } from './message-topics.ts'
import { type CallDeps, callFor, type MessagePlaces } from './prepare-call.ts'

export interface AdvanceDeps extends CallDeps {
  messages: MessageDesk
  jobs: Pick<JobDispatcher, 'wake'>
  clock: Clock
  ids: Ids
  observer: Observer
  /** Called at each named point; a test that throws there (or kills the process) simulates a crash. */
  reach?: (point: AdvancePoint) => void | Promise<void>
}

/** Places where a process may die. Whatever happens there, each call is made once. */
export type AdvancePoint = 'before_gateway_call' | 'after_gateway_call'

export type AdvanceResult = MessageStatus | 'unknown' | 'moved_meanwhile'

/** Milliseconds. A message is looked at twice per block, within these bounds. */
const LOOK_MS_MIN = 250
const LOOK_MS_MAX = 5_000
/** Milliseconds. Its sender may take hours; a hand-in of theirs is looked at once. */
const LOOK_UNSIGNED_MS = 15_000
/** Milliseconds. After refused tries in a row. */
const LOOK_REFUSED_MS_MAX = 60_000

/**
 * Takes a message one step further: looks what both chains show of it, and queues the call that follows from that on the lane of
 * the chain concerned, or notes what it waits for.
 *
 * May run twice, at the same time, in several processes and after a crash anywhere. A call is queued in the same commit that names
 * it in the message, only while no other call of the message is under way, and only where its ground is final; the lane stores its
 * signed bytes before they go out. What somebody else did meanwhile is found done.
 * @throws ChainUnavailable when no node answers; nothing has changed then.
 */
export async function advanceMessage(deps: AdvanceDeps, messageId: string): Promise<AdvanceResult> {
  const work = await deps.messages.find(messageId)
  if (!work) return 'unknown'
  const { message } = work
  if (hasEnded(message.status)) return message.status
  const decided = await decide(deps, work)
  const change = { ...decided, topic: topicOfChange(message.kind, message, decided) }
  if (change.submission) await deps.reach?.('before_gateway_call')
  const seen = { economyId: message.economyId, messageId, version: work.version }
  if (!(await deps.messages.record(seen, change))) return 'moved_meanwhile'
  report(deps, work, change)
  if (change.submission) {
    await deps.reach?.('after_gateway_call')
    deps.jobs.wake({ name: 'submit-lane', id: change.submission.laneId })
  }
  if (change.status === 'progressed' && message.status !== 'progressed') {
    // A first mint makes its economy active, and what backs the token has changed.
    deps.jobs.wake({ name: 'deploy-economy', id: message.economyId })
    deps.jobs.wake({ name: 'post-backing', id: message.economyId })
  }
  if (change.status === 'completed') deps.jobs.wake({ name: 'post-backing', id: message.economyId })
  if (change.root) deps.jobs.wake({ name: 'anchor-roots', id: String(change.root.chainId) })
  return change.status
}

/** What follows from both chains; or, where one does not answer, that the chain-halt exit has ended the message. */
async function decide(deps: AdvanceDeps, work: MessageInWork): Promise<UntoldChange> {
  try {
    const look = await lookAt(deps, work)
    return await carryOut(deps, work, look, decideNext(look.view))
  } catch (error) {
    if (!(error instanceof ChainUnavailable)) throw error
    const ended = await exitOf(deps, work)
    if (ended === null) throw error
    return ended
  }
}

interface Look extends MessagePlaces {
  view: MessageView
}

async function lookAt(deps: AdvanceDeps, work: MessageInWork): Promise<Look> {
  const { message, source, target, backing } = work
  const { messageHash, intent } = message
  const [rootAtTarget, rootAtSource] = await Promise.all([
    deps.reader.rootHeight(target.chainId, target.anchor),
    deps.reader.rootHeight(source.chainId, source.anchor),
  ])
  const atSource: BoxPlace = {
    chainId: source.chainId,
    gateway: source.gateway,
    box: 'outbox',
    messageHash,
  }
  const atTarget: BoxPlace = { chainId: target.chainId, gateway: target.gateway, box: 'inbox', messageHash }
  const [onSource, onTarget] = await Promise.all([
    statusesOf(deps, atSource, source, rootAtTarget),
    statusesOf(deps, atTarget, target, rootAtSource),
  ])
  const secondsLate = (source.final?.minedAt.getTime() ?? 0) / 1_000 - Number(intent.deadline)
  const isConfirmed = onTarget.final === 'declared'
  const isPayable =
    message.kind === 'redeem' ||
    !isConfirmed ||
    (await deps.reader.mintable(backing.utilityChainId, backing.coGateway, backing.termsId)) >=
      toUtilityDown(backing, intent.amount)
  const funding = work.redeeming?.funding ?? 'none'
  const isAllowed =
    funding !== 'arrived' || onSource.latest !== 'undeclared' || (await isAllowedToTake(deps, work))
  const view: MessageView = {
    funding,
    isAllowed,
    source: onSource,
    target: onTarget,
    sourceAtRoot: onSource.atRoot,
    targetAtRoot: onTarget.atRoot,
    isSigned: message.signature !== null || work.redeeming !== null,
    isExpired: secondsLate > 0,
    isOverdue: secondsLate > OVERDUE_AFTER_SECONDS,
    isPayable,
  }
  return { view, source: atSource, target: atTarget, rootAtTarget, rootAtSource }
}

/** Whether the gateway may take the message's tokens of the redeemer. */
async function isAllowedToTake(
  { reader }: AdvanceDeps,
  { message, backing }: MessageInWork,
): Promise<boolean> {
  const { utilityChainId, utilityToken, coGateway } = backing
  const { sender, amount, bounty } = message.intent
  return (await reader.allowance(utilityChainId, utilityToken, sender, coGateway)) >= amount + bounty
}

async function statusesOf({ reader }: AdvanceDeps, place: BoxPlace, end: GatewayEnd, root: number) {
  if (end.final === null) throw new ChainUnavailable(`chain ${end.chainId} is not followed yet`)
  const [latest, final, atRoot] = await reader.statuses(place, ['latest', end.final.number, root])
  if (!latest || !final)
    throw new ChainUnavailable(
      `a node of chain ${end.chainId} does not have the state of block ${end.final.number}`,
    )
  return { latest, final, atRoot: atRoot ?? null }
}

/** A change before it is known whether it is told of. */
type UntoldChange = Omit<MessageChange, 'topic'>

/** The change that a decision comes to. */
async function carryOut(
  deps: AdvanceDeps,
  work: MessageInWork,
  look: Look,
  next: NextStep,
): Promise<UntoldChange> {
  const change = unchanged(deps, work, look, next)
  if (next.do === 'end') return { ...change, problem: null, root: null, lookAt: null }
  if (isUnderWay(work)) return change
  switch (next.do) {
    case 'wait':
      return { ...change, ...waiting(deps, work, next.for) }
    case 'await_root':
      return { ...change, root: rootWanted(work, look, next.at) }
    case 'call':
      return { ...change, ...(await queueCall(deps, work, look, next.call)) }
  }
}

function unchanged(deps: AdvanceDeps, work: MessageInWork, { view }: Look, next: NextStep): UntoldChange {
  const at = deps.clock.now()
  return {
    status: statusOf(view, next),
    problem: null,
    refusals: work.refusals,
    root: null,
    steps: stepsOf(work, view),
    submission: null,
    lookAt: new Date(at.getTime() + paceOf(work)),
    at,
  }
}

/** Twice per block of the slower chain. */
function paceOf({ source, target }: MessageInWork): number {
  const half = Math.max(source.blockTimeMs, target.blockTimeMs) / 2
  return Math.min(Math.max(half, LOOK_MS_MIN), LOOK_MS_MAX)
}

/** A submission ends by its block's finality, not before: until then it may be there, not be there, and be there again. */
function isUnderWay({ submission }: MessageInWork): boolean {
  return submission !== null && ['queued', 'signed', 'broadcast', 'mined'].includes(submission.status)
}

function waiting(
  deps: AdvanceDeps,
  work: MessageInWork,
  reason: 'signature' | 'tokens' | 'finality' | 'mint_limit',
): Partial<UntoldChange> {
  if (reason === 'finality' || reason === 'tokens') return {}
  const now = deps.clock.now().getTime()
  // Its sender says that it is on its way.
  if (reason === 'signature' && work.message.sentTxHash !== null) return {}
  if (reason === 'signature') return { lookAt: new Date(now + LOOK_UNSIGNED_MS) }
  return {
    problem: 'the economy has reached what it may mint in a window, or mints are paused',
    lookAt: new Date(now + Math.max(paceOf(work), LOOK_MS_MAX)),
  }
}

/** A root that was asked for and has not come stays the one that is asked for: a newer one each time would never come. */
function rootWanted(work: MessageInWork, look: Look, at: 'source' | 'target'): MessageChange['root'] {
  const [here, there, known] =
    at === 'target'
      ? [work.target, work.source, look.rootAtTarget]
      : [work.source, work.target, look.rootAtSource]
  const { root } = work
  if (root?.chainId === here.chainId && root.height > known) return root
  return { chainId: here.chainId, height: Math.max(there.final?.number ?? 0, known + 1) }
}

async function queueCall(
  deps: AdvanceDeps,
  work: MessageInWork,
  look: Look,
  name: NextCall,
): Promise<Partial<UntoldChange>> {
  const call = await callFor(deps, work, look, name)
  if (call === 'no_proof') {
    const at = name === 'confirm' || name === 'confirm_revocation' ? 'target' : 'source'
    return { root: rootWanted(work, look, at) }
  }
  const { message, backing, source, target } = work
  const encoded = deps.calls.encode(message.kind, backing, message.intent, message.messageHash, call)
  const end = encoded.chainId === source.chainId ? source : target
  if (end.lane === null) return refused(deps, work, `no facilitator is provisioned on chain ${end.chainId}`)
  const estimate = await deps.reader.estimate(end.chainId, end.lane.address, encoded)
  if ('refusal' in estimate) return refused(deps, work, `${name}: ${estimate.refusal}`)
  const { to, calldata } = encoded
  const gasLimit = withGasMargin(estimate.gas)
  return {
    submission: {
      id: deps.ids.next(),
      name,
      laneId: end.lane.id,
      chainId: end.chainId,
      call: { to, calldata, gasLimit },
    },
    refusals: endedWell(work) ? 0 : work.refusals + 1,
  }
}

/** A call that would fail costs nothing: it is tried again later, with growing patience. */
function refused(deps: AdvanceDeps, work: MessageInWork, problem: string): Partial<UntoldChange> {
  const refusals = work.refusals + 1
  const delayMs = Math.min(paceOf(work) * 2 ** Math.min(refusals, 16), LOOK_REFUSED_MS_MAX)
  return { problem, refusals, lookAt: new Date(deps.clock.now().getTime() + delayMs) }
}

function endedWell({ submission }: MessageInWork): boolean {
  return submission === null || submission.status === 'confirmed'
}

function report(deps: AdvanceDeps, { message, tenantId }: MessageInWork, change: MessageChange): void {
  const fields = { messageId: message.id, economyId: message.economyId, tenantId, kind: message.kind }
  if (change.submission) {
    deps.observer.count('gateway_calls_total', { call: change.submission.name })
    deps.observer.log('info', 'message.call_queued', {
      ...fields,
      call: change.submission.name,
      submissionId: change.submission.id,
    })
  }
  if (change.problem !== null && change.problem !== message.problem)
    deps.observer.log('warn', 'message.refused', { ...fields, reason: change.problem })
  if (change.status !== message.status)
    deps.observer.log('info', `message.${change.status}`, { ...fields, messageHash: message.messageHash })
}
