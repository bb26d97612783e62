import { setTimeout as sleep } from 'node:timers/promises'
import { type Fault, lengthMs } from '../fault.ts'

/** Nothing breaks: the lane's row is the fence. */
export const twoWorkers: Fault = {
  id: 'two-workers',
  name: 'two workers serve the same lanes',
  drainedWithinS: 30,
  fleet: { apis: 1, workers: 2 },
  async inject(_bed, random, scene) {
    await sleep(lengthMs(scene, random, { full: 5_000, short: [300, 1_500] }))
  },
  async heal() {},
}
