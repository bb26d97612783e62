import { runLoad } from '../load/http-load.ts'
import { cpuSecondsOf } from '../meters.ts'
import type { App, Platform } from '../platform.ts'
import { createPopulations, type Population } from '../population.ts'
import { batchRequests, payments, singleRequests } from '../requests.ts'
import { type BenchRun, type Section, USERS } from '../run.ts'
import { waitUntilQuiet, waitUntilSettled } from '../settled.ts'

const SINGLES = 15_000
const QUEUED = 20_000
const LANES = 4
const USERS_EACH = 1_000
const BATCH_SIZE = 100

/** One process and two of them, of each kind: what is left of the doubling on this machine's cores. */
export const scale: Section = {
  rows: ['scale'],
  isExtra: true,

  async run(run) {
    run.details.scale = { api: await scaleApi(run), worker: await scaleWorker(run) }
    return []
  },
}

async function scaleApi({ apiAlone, progress }: BenchRun) {
  const { platform, population } = await apiAlone()
  return progress.step('api: one process, two processes', async (note) => {
    const second = await platform.addApp('api', 'second-api')
    await second.start()
    const accept = async (apps: readonly App[], seed: number) => {
      const requests = singleRequests(population, payments(SINGLES, USERS, seed))
      const cpu = await cpuSecondsOfAll(apps)
      const startedAt = performance.now()
      await Promise.all(
        apps.map((app, index) => {
          const own = requests.filter((_, at) => at % apps.length === index)
          return runLoad({ url: app.url, requests: own, status: 202, connections: 64 / apps.length })
        }),
      )
      const perSecond = (SINGLES * 1_000) / (performance.now() - startedAt)
      return { perSecond, microseconds: (((await cpuSecondsOfAll(apps)) - cpu) * 1e6) / SINGLES }
    }
    await accept([platform.api, second], 160)
    const one = await accept([platform.api], 161)
    const two = await accept([platform.api, second], 162)
    await second.stop()
    note(`${Math.round(one.perSecond)} and ${Math.round(two.perSecond)} accepted/s`)
    return { one, two }
  })
}

async function scaleWorker({ whole, progress }: BenchRun) {
  const { platform } = await whole()
  const populations = await progress.step('four economies on four lanes', () =>
    createPopulations(
      platform,
      Array.from({ length: LANES }, () => USERS_EACH),
    ),
  )
  return progress.step('worker: one process, two processes', async (note) => {
    const second = await platform.addApp('worker', 'second-worker')
    const one = await drain(platform, populations, [platform.worker], 170)
    const two = await drain(platform, populations, [platform.worker, second], 171)
    await second.stop()
    note(`${Math.round(one.perSecond)} and ${Math.round(two.perSecond)} settled/s`)
    return { one, two }
  })
}

/** Settles what was queued while no worker ran, from the moment that the workers are up. */
async function drain(
  platform: Platform,
  populations: readonly Population[],
  workers: readonly App[],
  seed: number,
) {
  const economyIds = populations.map(({ economyId }) => economyId)
  await waitUntilQuiet(platform, economyIds)
  await platform.worker.stop()
  for (const population of populations) {
    const own = payments(QUEUED / populations.length, USERS_EACH, seed)
    const requests = batchRequests(population, own, BATCH_SIZE)
    await runLoad({ url: platform.api.url, requests, status: 202, connections: 8 })
  }
  const startedAt = performance.now()
  await Promise.all(workers.map((worker) => worker.start()))
  await waitUntilSettled(platform, economyIds)
  const perSecond = (QUEUED * 1_000) / (performance.now() - startedAt)
  // Their start is in it: they have not done anything else.
  return { perSecond, microseconds: ((await cpuSecondsOfAll(workers)) * 1e6) / QUEUED }
}

async function cpuSecondsOfAll(apps: readonly App[]): Promise<number> {
  let sum = 0
  for (const { pid } of apps) if (pid !== undefined) sum += await cpuSecondsOf(pid)
  return sum
}
