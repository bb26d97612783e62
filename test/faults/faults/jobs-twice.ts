import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { startWorker } from '#apps/worker/start-worker.ts'
import { loadWorkerConfig } from '#config'
import type { Fault } from '../fault.ts'

/** A worker in our own process runs every job twice, the second beside the first or on its heels. */
export const jobsTwice: Fault = {
  id: 'F2',
  name: 'every job runs twice at once',
  drainedWithinS: 30,
  async inject(bed, random) {
    await Promise.all(bed.workers.map((worker) => worker.stop()))
    const own = random.fork('twins')
    const doubling = await startWorker(loadWorkerConfig(bed.workerEnv), pino({ level: 'silent' }), {
      giveUp: () => undefined,
      around: (job) => async (id, signal) => {
        const twin = sleep(own.below(20)).then(async () => job(id, signal))
        const [first, second] = await Promise.all([job(id, signal), twin])
        return first ?? second
      },
    })
    try {
      await sleep(random.between(1_000, 2_500))
    } finally {
      await doubling.stop()
    }
  },
  async heal(bed) {
    await bed.scale({ apis: bed.apis.length, workers: bed.workers.length })
  },
}
