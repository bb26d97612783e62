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

export const TRIES_DEFAULT = 20
/** Tries of a long run that last as long as the fault's name says. */
const FULL_LENGTH_TRIES = 1
const LONG_RUN_TRIES = 10

/** `seed` is the first try's; each further one has the next. */
export function planTries(fault: Fault, options: { seed: number; tries?: number }): PlannedTry[] {
  const tries = options.tries ?? fault.tries ?? TRIES_DEFAULT
  return Array.from({ length: tries }, (_, index) => {
    const seed = options.seed + index
    const random = new Random(`${fault.id}/${seed}`)
    return {
      fault,
      seed,
      isFullLength: tries >= LONG_RUN_TRIES && index < FULL_LENGTH_TRIES,
      beforeMs: random.between(100, 600),
      afterMs: random.between(200, 600),
      random,
    }
  })
}

/** What repeats one try alone. */
export function replayCommand({ fault, seed }: Pick<PlannedTry, 'fault' | 'seed'>): string {
  return `npm run test:faults -- --only ${fault.id} --tries 1 --seed ${seed}`
}
