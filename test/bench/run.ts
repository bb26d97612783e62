import type { Progress } from '#scripts/stack/progress.ts'
import type { Bed } from './bed.ts'
import type { Details } from './details.ts'
import { type Ages, createAges } from './history.ts'
import { createTokenLoop, type TokenLoop } from './load/chain-transfers.ts'
import { createPlatform, type Platform } from './platform.ts'
import { createPopulation, insertPopulation, type Population } from './population.ts'
import type { Row } from './report.ts'

/** One run of the benchmark: its servers, and what rows share. Everything is made when a row first asks for it. */
export interface BenchRun {
  bed: Bed
  progress: Progress
  isQuick: boolean
  /** Figures that are no row: for docs/performance.md. */
  details: Details
  /** Api and worker on a chain, with an economy of 5,000 users. */
  whole: () => Promise<Whole>
  /** The api alone, so that nothing drains what it accepts. */
  apiAlone: () => Promise<Whole>
  /** The loop with ethers on a chain of its own. */
  loop: () => Promise<TokenLoop>
  /** Whether a row that was chosen needs the history, so that its writing may begin early. */
  wantsHistory: boolean
  /** An economy with 1,000,000 users and 5,000,000 past transactions, and one that has just begun. */
  ages: () => Promise<Ages>
  /** Stops the processes of all platforms but these, for the quiet of the next rows. */
  restAllBut: (kept: readonly Platform[]) => Promise<void>
  /** Takes a platform that a row made into the run's care. */
  adopt: (platform: Platform) => void
  /** Transfers per second from HTTP to the ledger, once the settle row has found it. */
  sustainedPerSecond?: number
  /** Platforms that were made, in their order. */
  platforms: readonly Platform[]
  close: () => Promise<void>
}

export interface Whole {
  platform: Platform
  population: Population
}

/** Rows that are measured together. */
export interface Section {
  rows: readonly string[]
  needsHistory?: true
  /** Measured only where it is named: for the documentation, not for the table. */
  isExtra?: true
  run(run: BenchRun): Promise<Row[]>
}

/** As the issue fixes it. */
export const USERS = 5_000

export function createRun(options: {
  bed: Bed
  progress: Progress
  isQuick: boolean
  wantsHistory: boolean
  details: Details
}): BenchRun {
  const { bed, progress } = options
  const closers: (() => void)[] = []
  const platforms: Platform[] = []

  async function startWhole(): Promise<Whole> {
    const platform = await progress.step('platform: contracts, lanes, api, worker', async () => {
      const made = await createPlatform(bed, { name: 'whole', chain: await bed.startChain('chain') })
      platforms.push(made)
      await Promise.all([made.api.start(), made.worker.start()])
      return made
    })
    const population = await progress.step(`economy with ${USERS} users`, () =>
      createPopulation(platform, { users: USERS }),
    )
    return { platform, population }
  }

  async function startApiAlone(): Promise<Whole> {
    return progress.step(`api without a worker, ${USERS} users`, async () => {
      const platform = await createPlatform(bed, { name: 'alone' })
      platforms.push(platform)
      await platform.api.start()
      return { platform, population: await insertPopulation(platform, { users: USERS }) }
    })
  }

  async function startLoop(): Promise<TokenLoop> {
    return progress.step('chain and token of the ethers loop', async () => {
      const loop = await createTokenLoop(await bed.startChain('loop-chain'))
      closers.push(() => loop.close())
      return loop
    })
  }

  return {
    ...options,
    platforms,
    whole: once(startWhole),
    apiAlone: once(startApiAlone),
    loop: once(startLoop),
    ages: once(() => createAges({ ...options, onPlatform: (platform) => platforms.push(platform) })),
    adopt: (platform) => void platforms.push(platform),
    async restAllBut(kept) {
      const resting = platforms.filter((platform) => !kept.includes(platform))
      for (const { api, worker } of resting) await Promise.all([api.stop(), worker.stop()])
    },
    async close() {
      for (const close of closers) close()
      await Promise.allSettled(platforms.map((platform) => platform.close()))
    },
  }
}

function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined
  return () => (made ??= make())
}
