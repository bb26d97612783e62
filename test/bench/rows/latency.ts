import { percentile, runPacedLoad } from '../load/http-load.ts'
import { row } from '../report.ts'
import { payments, singleRequests } from '../requests.ts'
import { type BenchRun, type Section, USERS } from '../run.ts'
import { waitUntilQuiet } from '../settled.ts'
import { settleOnce } from './settle.ts'

const SECONDS = 15
const CALIBRATION_TRANSFERS = 10_000

/** How long POST takes at half the rate that the whole platform sustains, while it settles what it accepts. */
export const latency: Section = {
  rows: ['latency'],

  async run(run) {
    const { platform, population } = await run.whole()
    const perSecond = Math.round((run.sustainedPerSecond ?? (await calibrate(run))) / 2)
    await waitUntilQuiet(platform, [population.economyId])
    const load = await run.progress.step(`latency at ${perSecond} requests/s`, async (note) => {
      const result = await runPacedLoad({
        url: platform.api.url,
        requests: singleRequests(population, payments(perSecond * SECONDS, USERS, 51)),
        status: 202,
        perSecond,
      })
      note(
        `p50 ${percentile(result.latencies, 0.5).toFixed(1)} ms, p99 ${percentile(result.latencies, 0.99).toFixed(1)} ms`,
      )
      return result
    })
    const at = (share: number) => percentile(load.latencies, share)
    run.details.latency = {
      perSecond,
      p50: at(0.5),
      p90: at(0.9),
      p95: at(0.95),
      p99: at(0.99),
      max: at(1),
      retries: load.retries,
    }
    return [
      row({ name: 'latency', unit: 'ms (p99, p50)', ours: at(0.99), beside: at(0.5), goal: { atMost: 6 } }),
    ]
  },
}

async function calibrate({ whole, progress }: BenchRun): Promise<number> {
  const { platform, population } = await whole()
  return progress.step('the rate that the platform sustains', async () => {
    const transfers = payments(CALIBRATION_TRANSFERS, USERS, 50)
    return (await settleOnce(platform, [population], transfers)).perSecond
  })
}
