import type { TokenLoop } from '../load/chain-transfers.ts'
import { runLoad } from '../load/http-load.ts'
import { type Cost, startMeter } from '../meters.ts'
import type { Platform } from '../platform.ts'
import type { Population } from '../population.ts'
import { median, row } from '../report.ts'
import { batchRequests, type Payment, payments, singleRequests } from '../requests.ts'
import { type Section, USERS } from '../run.ts'
import { waitUntilQuiet, waitUntilSettled } from '../settled.ts'

const ROUNDS = 2
/** As the issue fixes it. */
export const TRANSFERS = 20_000
const LOOP_TRANSFERS = 10_000
/** V8 compiles what it finds to be hot, and over again, until some fifteen thousand transfers have gone through a process. */
const WARM_UP_TRANSFERS = 20_000
const BATCH_SIZE = 100
const BATCH_CONNECTIONS = 16

/** A stretch from the first request to the last transfer settled in the ledger. */
export interface Settling {
  perSecond: number
  /** First request to last answer. */
  acceptedPerSecond: number
  cost: Cost
}

/** From HTTP to the ledger, and a loop with ethers that sends one transfer per transaction. */
export const settle: Section = {
  rows: ['settle', 'settle-batch'],

  async run(run) {
    const { whole, loop: loopOf, progress, details } = run
    const { platform, population } = await whole()
    const loop = await loopOf()
    // As where the api is measured alone: processes that have run for a while, on both sides.
    await progress.step('settle, both sides warmed up', async () => {
      await runLoop(loop, LOOP_TRANSFERS / 2, 0)
      await settleOnce(platform, [population], payments(WARM_UP_TRANSFERS, USERS, 10))
      await settleOnce(platform, [population], payments(WARM_UP_TRANSFERS, USERS, 20), BATCH_SIZE)
    })
    const rounds: { loop: number; loopCost: Cost; single: Settling; batch: Settling }[] = []
    for (let round = 1; round <= ROUNDS; round += 1) {
      await progress.step(`settle, round ${round} of ${ROUNDS}`, async (note) => {
        const endMeter = await startMeter({ ...platform, chain: loop.node })
        const beside = await runLoop(loop, LOOP_TRANSFERS, round)
        const loopCost = await endMeter()
        const single = await settleOnce(platform, [population], payments(TRANSFERS, USERS, round + 30))
        const batch = await settleOnce(
          platform,
          [population],
          payments(TRANSFERS, USERS, round + 40),
          BATCH_SIZE,
        )
        rounds.push({ loop: beside, loopCost, single, batch })
        note(
          `loop ${Math.round(beside)}, single ${Math.round(single.perSecond)}, batch ${Math.round(batch.perSecond)} /s`,
        )
      })
    }
    details.settle = { transfers: TRANSFERS, loopTransfers: LOOP_TRANSFERS, rounds }
    run.sustainedPerSecond = median(rounds.map(({ single }) => single.perSecond))
    const unit = 'transfers/s'
    const beside = median(rounds.map((round) => round.loop))
    return [
      row({
        name: 'settle',
        unit,
        ours: median(rounds.map(({ single }) => single.perSecond)),
        beside,
        ratio: median(rounds.map((round) => round.single.perSecond / round.loop)),
        goal: { atLeast: 3 },
      }),
      row({
        name: 'settle-batch',
        unit,
        ours: median(rounds.map(({ batch }) => batch.perSecond)),
        beside,
        ratio: median(rounds.map((round) => round.batch.perSecond / round.loop)),
        goal: { atLeast: 5 },
      }),
    ]
  },
}

/**
 * Sends payments, shared evenly by the populations, and waits until all are settled: one by one over 64 connections, or
 * `batchSize` per request.
 */
export async function settleOnce(
  platform: Platform,
  populations: readonly Population[],
  of: readonly Payment[],
  batchSize?: number,
): Promise<Settling> {
  const economyIds = populations.map(({ economyId }) => economyId)
  await waitUntilQuiet(platform, economyIds)
  const requests = requestsOf(populations, of, batchSize)
  const endMeter = await startMeter(platform)
  const startedAt = performance.now()
  const load = await runLoad({
    url: platform.api.url,
    requests,
    status: 202,
    ...(batchSize !== undefined && { connections: BATCH_CONNECTIONS }),
  })
  await waitUntilSettled(platform, economyIds)
  const seconds = (performance.now() - startedAt) / 1_000
  // Confirming them is work of theirs as well, so it counts among their costs, not in their time.
  await waitUntilQuiet(platform, economyIds)
  return {
    perSecond: of.length / seconds,
    acceptedPerSecond: load.perSecond * (batchSize ?? 1),
    cost: await endMeter(),
  }
}

/** The populations' requests in turn. */
function requestsOf(
  populations: readonly Population[],
  of: readonly Payment[],
  batchSize: number | undefined,
): Buffer[] {
  const lists = populations.map((population, index) => {
    const own = of.filter((_, at) => at % populations.length === index)
    const { length } = population.userIds
    const inside = own.map((payment) => inRange(payment, length))
    return batchSize === undefined
      ? singleRequests(population, inside)
      : batchRequests(population, inside, batchSize)
  })
  const longest = Math.max(...lists.map((list) => list.length))
  return Array.from({ length: longest }, (_, at) => lists.flatMap((list) => list[at] ?? [])).flat()
}

/** The same payment among fewer people. */
function inRange({ from, to, amount }: Payment, users: number): Payment {
  const payer = from % users
  return { from: payer, to: to % users === payer ? (payer + 1) % users : to % users, amount }
}

export async function runLoop(loop: TokenLoop, transfers: number, seed: number): Promise<number> {
  return loop.run(
    payments(transfers, USERS, seed).map(({ to, amount }) => ({
      recipient: `0x${(to + 0x10_000).toString(16).padStart(40, '7')}`,
      amount,
    })),
  )
}
