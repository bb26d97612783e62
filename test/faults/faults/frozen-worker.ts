import { setTimeout as sleep } from 'node:timers/promises'
import { type Fault, lengthMs } from '../fault.ts'

/** One of the workers stops in the middle of whatever it does, others take its place, and it wakes up believing nothing happened. */
function frozenAmong(workers: number): Fault {
  return {
    id: `F10-${workers}`,
    name: `one of ${workers} workers on the same lanes sleeps for up to 60 s and wakes up`,
    drainedWithinS: 30,
    fleet: { apis: 1, workers },
    async inject(bed, random, scene) {
      const sleeper = random.pick(bed.workers)
      sleeper.freeze()
      // Claims on jobs run out after 5 s: from then on others do what the sleeper was doing.
      await sleep(lengthMs(scene, random, { full: 60_000, short: [500, 7_000] }))
      sleeper.thaw()
    },
    async heal(bed) {
      for (const worker of bed.workers) worker.thaw()
    },
  }
}

export const frozenAmongTwo = frozenAmong(2)
export const frozenAmongFour = frozenAmong(4)
