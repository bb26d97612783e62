import { Random } from '#scripts/simulate/random.ts'
import type { Fault } from './fault.ts'

/** One try of one fault: everything that is left to chance in it follows from the seed. */
export interface PlannedTry {
  fault: Fault
  seed: number
  isFullLength: boolean
  /** Milliseconds of load before the fault, and after it was healed. */
  beforeMs: number
  afterMs: number
  random: Random
}

/** Tries of one fault in one run of a platform without a rest: each meets what the one before has not yet ended. */
export type Life = readonly [PlannedTry, ...PlannedTry[]]

export const TRIES_DEFAULT = 20
/** Tries of a long run that last as long as the fault's name says. */
const FULL_LENGTH_TRIES = 1
const LONG_RUN_TRIES = 10
/** What is found after a life is searched for in each of its tries. */
const TRIES_PER_LIFE_MAX = 5

/** `seed` is the first try's; each further one has the next. */
export function planTries(fault: Fault, options: { seed: number; tries?: number }): PlannedTry[] {
  const tries = options.tries ?? fault.tries ?? TRIES_DEFAULT
  return Array.from({ length: tries }, (_, index) => ({
    ...planTry(fault, options.seed + index),
    isFullLength: tries >= LONG_RUN_TRIES && index < FULL_LENGTH_TRIES,
  }))
}

function planTry(fault: Fault, seed: number): PlannedTry {
  const random = new Random(`${fault.id}/${seed}`)
  return {
    fault,
    seed,
    isFullLength: false,
    beforeMs: random.between(50, 450),
    afterMs: random.between(0, 250),
    random,
  }
}

/** The same try once more, from the beginning of its chances. */
export function again({ fault, seed, isFullLength }: PlannedTry): PlannedTry {
  return { ...planTry(fault, seed), isFullLength }
}

/** A try of full length has a life for itself; the others share some. */
export function planLives(tries: readonly PlannedTry[]): Life[] {
  const lives: Life[] = []
  let shared: PlannedTry[] = []
  for (const one of tries) {
    const [last] = shared
    const isFull = shared.length === (one.fault.isAlone ? 1 : TRIES_PER_LIFE_MAX)
    if (last === undefined || isFull || one.isFullLength || last.isFullLength) {
      const begun: [PlannedTry, ...PlannedTry[]] = [one]
      lives.push(begun)
      shared = begun
    } else shared.push(one)
  }
  return lives
}

/** What repeats these tries, in one life. */
export function replayCommand([first, ...others]: Life): string {
  return `npm run test:faults -- --only ${first.fault.id} --tries ${1 + others.length} --seed ${first.seed}`
}
