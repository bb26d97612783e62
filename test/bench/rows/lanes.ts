import { inTurn } from '../in-turn.ts'
import { runLoad } from '../load/http-load.ts'
import type { Platform } from '../platform.ts'
import { createPopulations, type Population } from '../population.ts'
import { median, row } from '../report.ts'
import { batchRequests, payments } from '../requests.ts'
import { type BenchRun, type Section, USERS } from '../run.ts'
import { waitUntilQuiet, waitUntilSettled } from '../settled.ts'
import { settleOnce } from './settle.ts'

const ROUNDS = 2
const LANES = 4
/** Of each of the four: together they have as many as the one beside them, so that both sides meet as many rows. */
const USERS_BESIDE = USERS / LANES
/** More than settle has: a block more or less at the end is a fifth of five seconds, and a tenth of ten. */
const TRANSFERS = 40_000
const BATCH_SIZE = 100
/** What the economy beside a flood wants, and how much of the flood is there before it comes. */
const MODEST_TRANSFERS = 1_000
const FLOOD_TRANSFERS = 20_000
const FLOOD_FIRST = 5_000

/** Four economies on four lanes beside one with as many users on one; and an economy that shares its lane with one that floods it. */
export const lanes: Section = {
  rows: ['lanes', 'lanes-fair'],

  async run(run) {
    const { platform, population } = await run.whole()
    const others = await run.progress.step('four more economies', () =>
      createPopulations(
        platform,
        Array.from({ length: LANES }, () => USERS_BESIDE),
      ),
    )
    const byLane = await groupByLane(platform, [population, ...others])
    const four = [...byLane.values()].flatMap(
      (economies) => economies.find(({ economyId }) => economyId !== population.economyId) ?? [],
    )
    const shared = [...byLane.values()].find((economies) => economies.length > 1)
    if (four.length !== LANES || !shared) throw new Error('the economies are not spread over the lanes')
    return [await throughput(run, platform, population, four), await fairness(run, platform, shared)]
  },
}

async function groupByLane(
  platform: Platform,
  populations: readonly Population[],
): Promise<Map<string, Population[]>> {
  const rows = await platform.sql<{ id: string; lane_id: string }>('SELECT id, lane_id FROM economy')
  const laneOf = new Map(rows.map((economy) => [economy.id, economy.lane_id]))
  return Map.groupBy(populations, ({ economyId }) => laneOf.get(economyId) ?? '')
}

async function throughput(
  { progress, details }: BenchRun,
  platform: Platform,
  one: Population,
  four: readonly Population[],
) {
  const rounds: { one: number; four: number }[] = []
  for (let round = 1; round <= ROUNDS; round += 1) {
    await progress.step(`lanes, round ${round} of ${ROUNDS}`, async (note) => {
      const measure = (economies: readonly Population[], seed: number) =>
        settleOnce(platform, economies, payments(TRANSFERS, USERS, seed + round), BATCH_SIZE)
      const { ours, beside } = await inTurn(round, {
        ours: () => measure(four, 95),
        beside: () => measure([one], 90),
      })
      rounds.push({ one: beside.perSecond, four: ours.perSecond })
      note(`one ${Math.round(beside.perSecond)}, four ${Math.round(ours.perSecond)} /s`)
    })
  }
  details.lanes = { rounds }
  return row({
    name: 'lanes',
    unit: 'transfers/s',
    ours: median(rounds.map((round) => round.four)),
    beside: median(rounds.map((round) => round.one)),
    ratio: median(rounds.map((round) => round.four / round.one)),
    goal: { atLeast: 1 },
  })
}

/** Two economies on a lane: each one's share is half of it, so its work takes twice the time that it takes alone. */
async function fairness({ progress }: BenchRun, platform: Platform, shared: readonly Population[]) {
  const [flooding, modest] = shared
  if (!flooding || !modest) throw new Error('two economies share the lane')
  return progress.step('lanes-fair: beside a flood', async (note) => {
    const modestRequests = (seed: number) =>
      batchRequests(modest, payments(MODEST_TRANSFERS, modest.userIds.length, seed), BATCH_SIZE)
    const settle = async (requests: readonly Buffer[]) => {
      const startedAt = performance.now()
      await runLoad({ url: platform.api.url, requests, status: 202, connections: 4 })
      await waitUntilSettled(platform, [modest.economyId])
      return (performance.now() - startedAt) / 1_000
    }
    await waitUntilQuiet(platform, [flooding.economyId, modest.economyId])
    const alone = await settle(modestRequests(101))

    const flood = payments(FLOOD_TRANSFERS, flooding.userIds.length, 102)
    const floodRequests = batchRequests(flooding, flood, BATCH_SIZE)
    const first = FLOOD_FIRST / BATCH_SIZE
    const url = platform.api.url
    await runLoad({ url, requests: floodRequests.slice(0, first), status: 202, connections: 8 })
    const rest = runLoad({ url, requests: floodRequests.slice(first), status: 202, connections: 8 })
    const [beside] = await Promise.all([settle(modestRequests(103)), rest])
    await waitUntilSettled(platform, [flooding.economyId])
    note(`alone ${alone.toFixed(1)} s, beside the flood ${beside.toFixed(1)} s`)
    return row({ name: 'lanes-fair', unit: 's', ours: beside, beside: 2 * alone, goal: { atMost: 2 } })
  })
}
