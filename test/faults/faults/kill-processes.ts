import { setTimeout as sleep } from 'node:timers/promises'
import type { App } from '../bed/app.ts'
import type { Bed } from '../bed.ts'
import type { Fault } from '../fault.ts'

const DOWN_MS_MAX = 400

/** SIGKILL at a random moment; the same process starts again a moment later. */
function killing(id: string, name: string, which: (bed: Bed) => readonly App[]): Fault {
  return {
    id,
    name,
    drainedWithinS: 30,
    async inject(bed, random) {
      await Promise.all(which(bed).map((app) => app.kill()))
      await sleep(random.below(DOWN_MS_MAX))
    },
    async heal(bed) {
      await Promise.all(
        which(bed)
          .filter((app) => !app.isRunning)
          .map((app) => app.start()),
      )
    },
  }
}

export const killApi = killing('kill-api', 'the api is killed', (bed) => bed.apis)

export const killWorker = killing('kill-worker', 'the worker is killed', (bed) => bed.workers)

export const killBoth = killing('kill-both', 'api and worker are killed at once', (bed) => [
  ...bed.apis,
  ...bed.workers,
])
