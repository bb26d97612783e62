import { setTimeout as sleep } from 'node:timers/promises'
import { runLoad } from '../load/http-load.ts'
import { peakResidentBytes } from '../meters.ts'
import type { Platform } from '../platform.ts'
import type { Population } from '../population.ts'
import { median, type Row } from '../report.ts'
import { batchRequests, payments, singleRequests } from '../requests.ts'
import { type Section, USERS } from '../run.ts'
import { waitUntilQuiet, waitUntilSettled } from '../settled.ts'

const QUEUED = 10_000
const BATCH_SIZE = 100
const WARM_TRANSFERS = 3
const POLL_MS = 10
const SECONDS_MORE_MAX = 3
const MEGABYTES_MORE_MAX = 150
const MEGABYTE = 1024 * 1024

/** A worker that starts with 10,000 transfers waiting, and one that is warm and gets a single one. */
export const coldStart: Section = {
  rows: ['cold-start-time', 'cold-start-memory'],

  async run({ whole, progress }) {
    const { platform, population } = await whole()
    const economyIds = [population.economyId]
    return progress.step(`cold start with ${QUEUED} queued`, async (note) => {
      await waitUntilQuiet(platform, economyIds)
      await platform.worker.stop()
      await platform.worker.start()
      const warm = []
      for (let turn = 0; turn < WARM_TRANSFERS; turn += 1) {
        await waitUntilQuiet(platform, economyIds)
        const startedAt = performance.now()
        await accept(platform, singleRequests(population, payments(1, USERS, 70 + turn)))
        warm.push(await secondsUntilMined(platform, population, startedAt))
      }
      const warmPeak = await peakResidentBytes(platform.worker.pid)

      await waitUntilQuiet(platform, economyIds)
      await platform.worker.stop()
      await accept(platform, batchRequests(population, payments(QUEUED, USERS, 80), BATCH_SIZE))
      const startedAt = performance.now()
      const [cold] = await Promise.all([
        secondsUntilMined(platform, population, startedAt),
        platform.worker.start(),
      ])
      await waitUntilSettled(platform, economyIds)
      const coldPeak = await peakResidentBytes(platform.worker.pid)
      const warmSeconds = median(warm)
      note(`first after ${cold.toFixed(1)} s, warm ${warmSeconds.toFixed(1)} s`)
      return [
        more('cold-start-time', 's', cold, warmSeconds, SECONDS_MORE_MAX),
        more('cold-start-memory', 'MB', coldPeak / MEGABYTE, warmPeak / MEGABYTE, MEGABYTES_MORE_MAX),
      ]
    })
  },
}

async function accept(platform: Platform, requests: readonly Buffer[]): Promise<void> {
  await runLoad({ url: platform.api.url, requests, status: 202, connections: 8 })
}

/** Nothing else of the economy is mined and not yet confirmed: whoever asks has waited until it was quiet. */
async function secondsUntilMined(
  platform: Platform,
  { economyId }: Population,
  startedAt: number,
): Promise<number> {
  for (;;) {
    const [row] = await platform.sql<{ is_mined: boolean }>(
      `SELECT EXISTS (
         SELECT FROM economy e JOIN chain_submission s ON s.lane_id = e.lane_id AND s.economy_id = e.id
         WHERE e.id = $1 AND s.status = 'mined') AS is_mined`,
      [economyId],
    )
    if (row?.is_mined) return (performance.now() - startedAt) / 1_000
    await sleep(POLL_MS)
  }
}

/** A row whose bound is a difference. */
function more(name: string, unit: string, ours: number, beside: number, most: number): Row {
  const goal = `≤ ${most} ${unit} more`
  return { name, unit, ours, beside, ratio: ours / beside, goal, pass: ours - beside <= most }
}
