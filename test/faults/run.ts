import { setTimeout as sleep } from 'node:timers/promises'
import { type Bed, startBed } from './bed.ts'
import { type Fault, internalErrors, type Scene } from './fault.ts'
import { drain } from './drain.ts'
import type { Finding } from './finding.ts'
import { judge } from './judge.ts'
import { startLoad } from './load.ts'
import type { PlannedTry } from './schedule.ts'
import { takeSnapshot } from './snapshot.ts'
import { openStage, type Stage } from './stage.ts'

/** How one try ended. */
export interface TryResult {
  fault: Fault
  seed: number
  findings: Finding[]
  /** Seconds until nothing was under way; the bound where it never came to that. */
  drainedS: number
  /** Payments of this try that were accepted. */
  accepted: number
  seconds: number
}

/** A stage's history is judged whole after every try, so it must not become too long. */
const TRIES_PER_STAGE = 10
/** A chain keeps all its states in memory. */
const TRIES_PER_BED = 120
const FLEET = { apis: 1, workers: 1 }

export interface RunOptions {
  /** Beds at the same time. */
  beds: number
  onTry(result: TryResult, bed: Bed): void | Promise<void>
  onBed?(what: string): void
}

/** Tries every plan; plans of the same kind of bed follow each other on one. */
export async function runTries(
  plans: readonly (readonly PlannedTry[])[],
  options: RunOptions,
): Promise<void> {
  const kinds = [...Map.groupBy(plans, ([first]) => JSON.stringify(first?.fault.bed ?? {})).values()]
  const queue = kinds.flat()
  await Promise.all(Array.from({ length: options.beds }, async () => workOff(queue, options)))
}

interface Place {
  bed: Bed
  kind: string
  stage: Stage | undefined
  triesOfBed: number
  triesOfStage: number
}

async function workOff(queue: (readonly PlannedTry[])[], options: RunOptions): Promise<void> {
  let place: Place | undefined
  try {
    for (let plans = queue.shift(); plans !== undefined; plans = queue.shift()) {
      for (const planned of plans) place = await tryOn(place, planned, options)
    }
  } finally {
    await leave(place)
  }
}

/** @returns the place for the next try; none where this one left it in a state that nobody knows. */
async function tryOn(
  place: Place | undefined,
  planned: PlannedTry,
  options: RunOptions,
): Promise<Place | undefined> {
  const here = await prepare(place, planned.fault, options)
  const startedAt = performance.now()
  const result = await tryFault(here, planned).catch(
    (error: unknown): TryResult => ({
      fault: planned.fault,
      seed: planned.seed,
      findings: [{ verdict: 'V5', kind: 'mismatch', what: `the try broke off: ${inWords(error)}` }],
      drainedS: planned.fault.drainedWithinS,
      accepted: 0,
      seconds: (performance.now() - startedAt) / 1_000,
    }),
  )
  here.triesOfBed += 1
  here.triesOfStage += 1
  await options.onTry(result, here.bed)
  if (result.findings.length === 0) return here
  await leave(here)
  return undefined
}

async function prepare(place: Place | undefined, fault: Fault, options: RunOptions): Promise<Place> {
  const kind = JSON.stringify(fault.bed ?? {})
  let here = place
  if (here && (here.kind !== kind || here.triesOfBed >= TRIES_PER_BED)) {
    await leave(here)
    here = undefined
  }
  if (here === undefined) {
    options.onBed?.(`a platform starts for ${fault.id}`)
    const bed = await startBed({ ...fault.bed, fleet: fault.fleet ?? FLEET })
    here = { bed, kind, stage: undefined, triesOfBed: 0, triesOfStage: 0 }
  }
  await here.bed.scale(fault.fleet ?? FLEET)
  if (here.stage && here.triesOfStage >= TRIES_PER_STAGE) {
    await here.stage.close()
    here.stage = undefined
  }
  if (here.stage === undefined) {
    here.stage = await openStage(here.bed)
    here.triesOfStage = 0
  }
  return here
}

async function leave(place: Place | undefined): Promise<void> {
  await place?.stage?.close()
  await place?.bed.close()
}

async function tryFault({ bed, stage }: Place, planned: PlannedTry): Promise<TryResult> {
  if (stage === undefined) throw new Error('a try needs a stage')
  const { fault, seed, isFullLength, beforeMs, afterMs, random } = planned
  const startedAt = performance.now()
  const load = startLoad(stage, random.fork('load'), `${fault.id}-${seed}`)
  const { attempts, intents } = stage.story
  const firstIntent = intents.length
  const scene: Scene = { stage, load, seed, isFullLength, firstAttempt: attempts.length }
  await sleep(beforeMs)
  try {
    await fault.inject(bed, random, scene)
  } finally {
    await fault.heal(bed, scene)
  }
  const healedAt = performance.now()
  await sleep(afterMs)
  await load.stop()
  const drainedS = await drain(stage, healedAt, fault.drainedWithinS)
  const snapshot = await takeSnapshot(stage, { drainedS, drainedWithinS: fault.drainedWithinS })
  const findings = [...judge(snapshot), ...internalErrors(scene), ...((await fault.check?.(scene)) ?? [])]
  const accepted = intents
    .slice(firstIntent)
    .filter(({ answer }) => answer && 'transactionId' in answer).length
  const seconds = (performance.now() - startedAt) / 1_000
  return { fault, seed, findings, drainedS: drainedS ?? fault.drainedWithinS, accepted, seconds }
}

function inWords(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}
