import { availableParallelism, loadavg } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Bed, startBed } from './bed.ts'
import { brokenOff, type LifeResult, liveThrough } from './life.ts'
import { again, type Life } from './schedule.ts'
import { openStage, type Stage } from './stage.ts'

/** Payments. A stage's history is judged whole after every life, so it must not become too long. */
const HISTORY_MAX = 5_000
/** A chain keeps all its states in memory. */
const TRIES_PER_BED = 200
/** Lives of a kind for which one more bed of that kind is worth starting. */
const WORTH_A_BED = 4
/** Platforms that leave two cores time to spare. */
const BEDS_IN_PEACE = 2
/** Processes per core that want to run, over a minute. Beyond it a life would be about the machine: no further one begins. */
const LOAD_PER_CORE_MAX = 4
const LOOK_AGAIN_MS = 1_000
const FLEET = { apis: 1, workers: 1 }

export interface RunOptions {
  /** Beds at the same time. */
  beds: number
  /** Without a bed where none could be started. */
  onLife: (result: LifeResult, bed?: Bed) => void | Promise<void>
  /** Each try of a life in which something was found, alone on a new platform: whose fault it was. */
  onReplay?: (result: LifeResult, bed?: Bed) => void | Promise<void>
}

/** Lives that need the same kind of bed. */
interface Queue {
  kind: string
  lives: Life[]
  /** Beds that take from it. */
  beds: number
}

interface Place {
  bed: Bed
  /** Null until one is opened. */
  stage: Stage | null
  tries: number
}

/** Lives through all of them; those that need peace come last, and after them each try of a life in which something was found. */
export async function runLives(lives: readonly Life[], options: RunOptions): Promise<void> {
  const found: Life[] = []
  const needsPeace = ([{ fault }]: Life) => fault.needsPeace === true
  const atOnce = lives.filter((life) => !needsPeace(life))
  await runAtOnce(atOnce, found, options)
  const beds = Math.min(options.beds, BEDS_IN_PEACE)
  await runAtOnce(lives.filter(needsPeace), found, { ...options, beds })
  for (const life of found)
    if (life.length > 1) for (const one of life) await replay([again(one)], options.onReplay)
}

/** Those that need the same kind of bed follow each other on one. */
async function runAtOnce(lives: readonly Life[], found: Life[], options: RunOptions): Promise<void> {
  const queues = [...Map.groupBy(lives, kindOf)].map(
    ([kind, own]): Queue => ({ kind, lives: own.toSorted((a, b) => sizeOf(a) - sizeOf(b)), beds: 0 }),
  )
  await Promise.all(
    Array.from({ length: options.beds }, async () => {
      for (let queue = choose(queues); queue !== undefined; queue = choose(queues)) {
        queue.beds += 1
        await workOff(queue, found, options)
        queue.beds -= 1
      }
    }),
  )
}

/** Where most is to be done, unless those who are at it already will soon be through. */
function choose(queues: readonly Queue[]): Queue | undefined {
  return queues
    .filter(({ lives, beds }) => lives.length >= (beds === 0 ? 1 : WORTH_A_BED))
    .toSorted((a, b) => b.lives.length / (b.beds + 1) - a.lives.length / (a.beds + 1))[0]
}

async function workOff({ lives }: Queue, found: Life[], options: RunOptions): Promise<void> {
  let place: Place | undefined
  try {
    for (let life = lives.shift(); life !== undefined; life = lives.shift()) {
      const before = place
      place = undefined
      const isSound = await liveOn(life, options.onLife, async () => (place = await placeFor(life, before)))
      if (isSound) continue
      // Nobody knows in what state it is.
      await leave(place)
      place = undefined
      found.push(life)
    }
  } finally {
    await leave(place)
  }
}

async function replay(life: Life, tell: RunOptions['onReplay']): Promise<void> {
  let place: Place | undefined
  try {
    await liveOn(life, tell, async () => (place = await placeFor(life)))
  } finally {
    await leave(place)
  }
}

/** @returns whether nothing was found. */
async function liveOn(
  life: Life,
  tell: RunOptions['onReplay'],
  find: () => Promise<Place>,
): Promise<boolean> {
  await untilThereIsTime()
  living += 1
  const startedAt = performance.now()
  let place: Place | undefined
  let startS = 0
  let result: LifeResult
  try {
    place = await find()
    const stage = await prepare(place, life)
    startS = (performance.now() - startedAt) / 1_000
    place.tries += life.length
    result = await liveThrough(stage, life)
  } catch (error) {
    result = brokenOff(life, error)
  } finally {
    living -= 1
  }
  result.spent.start = startS
  await tell?.(result, place?.bed)
  return result.findings.length === 0
}

/** Lives under way. */
let living = 0

/** Two at a time are lived through on any machine; more where the cores keep up with them. */
async function untilThereIsTime(): Promise<void> {
  const isBusy = () => (loadavg()[0] ?? 0) > LOAD_PER_CORE_MAX * availableParallelism()
  while (living >= BEDS_IN_PEACE && isBusy()) await sleep(LOOK_AGAIN_MS)
}

/** The place of the life before, or a new one. */
async function placeFor([{ fault }]: Life, before?: Place): Promise<Place> {
  if (before && before.tries < TRIES_PER_BED) return before
  await leave(before)
  const fleet = fault.fleet ?? FLEET
  return { bed: await inTurn(async () => startBed({ ...fault.bed, fleet })), stage: null, tries: 0 }
}

/** Its fleet as the fault needs it, and a stage whose history is not too long. */
async function prepare(place: Place, [{ fault }]: Life): Promise<Stage> {
  await place.bed.scale(fault.fleet ?? FLEET)
  const { stage } = place
  if (stage && stage.story.intents.length < HISTORY_MAX) return stage
  place.stage = null
  await stage?.close()
  return (place.stage = await openStage(place.bed))
}

let turn: Promise<unknown> = Promise.resolve()

/** Platforms start one after the other: all of them at once would have two cores compile for minutes. */
async function inTurn<Result>(start: () => Promise<Result>): Promise<Result> {
  // One that did not come up says nothing about a fault: it gets a second chance.
  const done = turn.then(async () => start().catch(start))
  turn = done.catch(() => undefined)
  return done
}

async function leave(place: Place | undefined): Promise<void> {
  await place?.stage?.close()
  await place?.bed.close()
}

function kindOf([{ fault }]: Life): string {
  return JSON.stringify(fault.bed ?? {})
}

/** Those with a fleet of the same size follow each other. */
function sizeOf([{ fault }]: Life): number {
  const { apis, workers } = fault.fleet ?? FLEET
  return apis + 10 * workers
}
