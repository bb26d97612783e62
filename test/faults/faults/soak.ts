import { setTimeout as sleep } from 'node:timers/promises'
import type { Fault } from '../fault.ts'

const FAULTS = 4
const PAUSE_MS_MAX = 800

/** Several faults after each other in one load, before anything of the one before has settled. */
export function soakOf(faults: readonly Fault[]): Fault {
  return {
    id: 'F29',
    name: 'four of the others after each other, without a rest',
    drainedWithinS: 30,
    async inject(bed, random, scene) {
      for (let turn = 0; turn < FAULTS; turn += 1) {
        const fault = random.pick(faults)
        // The length of each is its short one: the soak is long by having many.
        const brief = { ...scene, isFullLength: false }
        try {
          await fault.inject(bed, random, brief)
        } finally {
          await fault.heal(bed, brief)
        }
        await sleep(random.below(PAUSE_MS_MAX))
      }
    },
    async heal() {},
  }
}
