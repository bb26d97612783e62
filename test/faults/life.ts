import { setTimeout as sleep } from 'node:timers/promises'
import { drain } from './drain.ts'
import { type Fault, intentsOf, internalErrors, type Scene } from './fault.ts'
import type { Finding } from './finding.ts'
import { judge } from './judge.ts'
import { startLoad } from './load.ts'
import type { Life, PlannedTry } from './schedule.ts'
import { takeSnapshot } from './snapshot.ts'
import type { Stage } from './stage.ts'

/** How one life ended. */
export interface LifeResult {
  life: Life
  findings: Finding[]
  /** Seconds from the end of the last fault until nothing was under way; the bound where it never came to that. */
  drainedS: number
  /** Payments that were accepted in it. */
  accepted: number
  spent: Spent
}

/** Seconds of a life, by what was done in them. */
export interface Spent {
  /** Until there was a platform with a stage: little where the life before left one. */
  start: number
  /** Load without a fault, before and after it. */
  load: number
  /** From injections until they were healed. */
  fault: number
  /** Until something seen in the metrics, and until payments flow again, before the next try. */
  settle: number
  drain: number
  judge: number
}

export const NOTHING_SPENT: Spent = { start: 0, load: 0, fault: 0, settle: 0, drain: 0, judge: 0 }

/** Tries follow each other while payments are made; after the last one everything must end, and is judged. */
export async function liveThrough(stage: Stage, life: Life): Promise<LifeResult> {
  const spent = { ...NOTHING_SPENT }
  const lap = stopwatch()
  const scenes: { fault: Fault; scene: Scene }[] = []
  const findings: Finding[] = []
  let healedAt = 0
  for (const [index, planned] of life.entries()) {
    const { fault } = planned
    const scene = enter(stage, planned)
    scenes.push({ fault, scene })
    if (index > 0) {
      findings.push(...(await untilPaymentsFlow(scene, healedAt, fault.drainedWithinS)))
      spent.settle += lap()
    }
    await sleep(planned.beforeMs)
    spent.load += lap()
    try {
      await breakAndMend(scene, planned)
    } catch (error) {
      // Nobody waits for its callers any more.
      scene.load.stop().catch(() => undefined)
      throw error
    }
    healedAt = performance.now()
    spent.fault += lap()
    await sleep(planned.afterMs)
    await exit(scene)
    spent.load += lap()
    if (index < life.length - 1) await fault.settle?.(scene)
    spent.settle += lap()
  }
  const [{ fault }] = life
  const drainedS = await drain(stage, healedAt, fault.drainedWithinS)
  spent.drain += lap()
  findings.push(...judge(await takeSnapshot(stage, { drainedS, drainedWithinS: fault.drainedWithinS })))
  for (const { scene } of scenes)
    findings.push(...internalErrors(scene), ...((await fault.check?.(scene)) ?? []))
  spent.judge += lap()
  const accepted = scenes.reduce((sum, { scene }) => sum + acceptedIds(scene).length, 0)
  return { life, findings, drainedS: drainedS ?? fault.drainedWithinS, accepted, spent }
}

async function breakAndMend(scene: Scene, { fault, random }: PlannedTry): Promise<void> {
  const { bed } = scene.stage
  try {
    await fault.inject(bed, random, scene)
  } finally {
    await fault.heal(bed, scene)
  }
}

export function brokenOff(life: Life, error: unknown): LifeResult {
  const what = `the try broke off: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`
  return {
    life,
    findings: [{ verdict: 'V5', kind: 'mismatch', what }],
    drainedS: life[0].fault.drainedWithinS,
    accepted: 0,
    spent: { ...NOTHING_SPENT },
  }
}

function enter(stage: Stage, { fault, seed, isFullLength, random }: PlannedTry): Scene {
  // The load asks at once.
  const attempts = { first: stage.story.attempts.length }
  const intents = { first: stage.story.intents.length }
  const load = startLoad(stage, random.fork('load'), `${fault.id}-${seed}`, fault.slowPaceMs)
  return { stage, load, seed, isFullLength, attempts, intents }
}

async function exit(scene: Scene): Promise<void> {
  await scene.load.stop()
  const { attempts, intents } = scene.stage.story
  scene.attempts.end = attempts.length
  scene.intents.end = intents.length
}

function acceptedIds(scene: Pick<Scene, 'stage' | 'intents'>): string[] {
  return intentsOf(scene).flatMap(({ answer }) =>
    answer && 'transactionId' in answer ? [answer.transactionId] : [],
  )
}

const POLL_MS = 50

/**
 * A fault is to meet a platform at work: the next one waits until something that was accepted after the one before has gone
 * on its way to the chain, which must come as soon as everything must end.
 */
export async function untilPaymentsFlow(
  scene: Pick<Scene, 'stage' | 'intents'>,
  healedAt: number,
  withinS: number,
): Promise<Finding[]> {
  for (;;) {
    const [row] = await scene.stage.bed.postgres.sql<{ flows: boolean }>(
      `SELECT EXISTS (SELECT FROM transaction_state WHERE id = ANY ($1) AND status IN ('submitted', 'mined', 'confirmed')) AS flows`,
      [acceptedIds(scene)],
    )
    if (row?.flows) return []
    if ((performance.now() - healedAt) / 1_000 > withinS) {
      const what = `${withinS} s after the fault ended nothing that was accepted since has gone to the chain`
      return [{ verdict: 'V5', kind: 'mismatch', what }]
    }
    await sleep(POLL_MS)
  }
}

/** Each call gives the seconds since the one before. */
function stopwatch(): () => number {
  let at = performance.now()
  return () => {
    const before = at
    at = performance.now()
    return (at - before) / 1_000
  }
}
