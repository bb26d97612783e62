import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { App } from '../bed/app.ts'
import type { Bed, Fleet } from '../bed.ts'
import type { Fault } from '../fault.ts'

const OFFSET_MS = 10 * 60_000
const PRELOAD = join(import.meta.dirname, '../bed/shifted-clock.js')

/** One process starts with a clock ten minutes ahead or behind; in the middle of the load it jumps to the other side. */
function shifted(id: string, name: string, fleet: Fleet, which: (bed: Bed) => App | undefined): Fault {
  return {
    id,
    name,
    drainedWithinS: 30,
    fleet,
    async inject(bed, random) {
      const app = which(bed)
      const offset = random.pick([OFFSET_MS, -OFFSET_MS])
      await app?.stop()
      await app?.start({ NODE_OPTIONS: `--import=${PRELOAD}`, CLOCK_OFFSET_MS: `${offset}` })
      await sleep(random.between(500, 1_000))
      if (app) process.kill(app.pid, 'SIGUSR2')
      await sleep(random.between(500, 1_000))
    },
    async heal(bed) {
      const app = which(bed)
      await app?.stop()
      await app?.start()
    },
  }
}

export const apiClockShifted = shifted(
  'F22-api',
  'the clock of one of two apis is 10 minutes off, and jumps',
  { apis: 2, workers: 1 },
  (bed) => bed.apis[1],
)

export const workerClockShifted = shifted(
  'F22-worker',
  'the clock of one of two workers is 10 minutes off, and jumps',
  { apis: 1, workers: 2 },
  (bed) => bed.workers[1],
)
