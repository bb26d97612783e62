import { Redis } from 'ioredis'
import { runPacedLoad } from '../load/http-load.ts'
import { residentBytes } from '../meters.ts'
import type { Platform } from '../platform.ts'
import { type Row, row } from '../report.ts'
import { payments, singleRequests } from '../requests.ts'
import { type Section, USERS } from '../run.ts'
import { waitUntilQuiet } from '../settled.ts'

const SECONDS = 600
const FIRST_SECONDS = 60
const QUICK_SECONDS = 60
const QUICK_FIRST_SECONDS = 15
/** A rate that leaves room on two cores for the history that is written meanwhile. */
const PER_SECOND = 150
const SAMPLE_MS = 1_000
/** Garbage collections make memory a saw: figures are means over so many samples. */
const WINDOW = 10
const MEGABYTE = 1024 * 1024
const MEGABYTES_MAX = 300
const GROWTH_MAX = 1.15
const REDIS_BYTES_MAX = 200

/** Resident memory of api and worker under ten minutes of load; what Redis keeps of a transfer that is done. */
export const memory: Section = {
  rows: ['memory-api', 'memory-worker', 'memory-redis'],

  async run(run) {
    const { platform, population } = await run.whole()
    const [seconds, firstSeconds] = run.isQuick
      ? [QUICK_SECONDS, QUICK_FIRST_SECONDS]
      : [SECONDS, FIRST_SECONDS]
    await waitUntilQuiet(platform, [population.economyId])
    // The ten minutes begin with the processes: what earlier rows left in their heaps is no part of it.
    for (const app of [platform.api, platform.worker]) {
      await app.stop()
      await app.start()
    }
    const redisBefore = await redisBytes(platform)
    const samples = { api: [] as number[], worker: [] as number[] }
    const sampler = setInterval(() => {
      for (const app of ['api', 'worker'] as const) {
        void residentBytes(platform[app].pid).then((bytes) => samples[app].push(bytes / MEGABYTE))
      }
    }, SAMPLE_MS)
    try {
      await run.progress.step(`memory: ${seconds} s at ${PER_SECOND} transfers/s`, async () => {
        const load = runPacedLoad({
          url: platform.api.url,
          requests: singleRequests(population, payments(PER_SECOND * seconds, USERS, 110)),
          status: 202,
          perSecond: PER_SECOND,
        })
        // Written to another database of the same server while this one is under load: nothing is timed here.
        await Promise.all([load, run.wantsHistory ? run.ages() : undefined])
      })
    } finally {
      clearInterval(sampler)
    }
    await waitUntilQuiet(platform, [population.economyId])
    const redisPerTransfer = ((await redisBytes(platform)) - redisBefore) / (PER_SECOND * seconds)
    run.details.memory = { ...samples, redisPerTransfer, perSecond: PER_SECOND, seconds }
    const rows = [
      memoryRow('memory-api', samples.api, firstSeconds),
      memoryRow('memory-worker', samples.worker, firstSeconds),
      row({
        name: 'memory-redis',
        unit: 'bytes per transfer',
        ours: Math.max(0, redisPerTransfer),
        beside: REDIS_BYTES_MAX,
        goal: { atMost: 1 },
      }),
    ]
    return run.isQuick ? rows.map((one) => ({ ...one, quick: true as const })) : rows
  },
}

/** The highest mean of ten seconds after the first minute, beside the highest within it. */
function memoryRow(name: string, samples: readonly number[], firstSeconds: number): Row {
  const means = samples.slice(0, samples.length - WINDOW + 1).map((_, at) => {
    const window = samples.slice(at, at + WINDOW)
    return window.reduce((sum, value) => sum + value, 0) / window.length
  })
  const ours = Math.max(...means.slice(firstSeconds))
  const beside = Math.max(...means.slice(0, firstSeconds))
  const also = Math.max(...samples) < MEGABYTES_MAX
  return {
    ...row({ name, unit: 'MB', ours, beside, goal: { atMost: GROWTH_MAX }, also }),
    goal: `≤ ${GROWTH_MAX}, < ${MEGABYTES_MAX} MB`,
  }
}

async function redisBytes(platform: Platform): Promise<number> {
  const redis = new Redis(platform.redisUrl, { lazyConnect: true })
  await redis.connect()
  try {
    return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1] ?? Number.NaN)
  } finally {
    redis.disconnect()
  }
}
