import type { RetryReason } from '#apps/cli/call.ts'
import type { Progress } from '../stack/progress.ts'
import { check, emptyEnding } from './check.ts'
import { connect } from './connect.ts'
import { Differences } from './differences.ts'
import { type Firing, fire } from './fire.ts'
import type { SimulateOptions } from './options.ts'
import type { Act } from './act.ts'
import { digested, planActs } from './plan.ts'
import { formatCount, type Output, startProgressBar } from './progress-bar.ts'
import { makeReport, type Report } from './report.ts'
import { createTenant, recordPrice, setUp } from './set-up.ts'
import { waitUntilSettled } from './settle.ts'
import type { Stage } from './stage.ts'
import { planWorld } from './world.ts'

export interface SimulateDeps {
  env: Readonly<Record<string, string | undefined>>
  output: Output
  progress: Progress
}

/** Prices go stale after an hour unless the platform is set otherwise. */
const PRICE_EVERY_MS = 10 * 60_000
const REDRAW_MS = 1_000

/** Plays the whole run through the public API, then compares every account with the chain. */
export async function simulate(options: SimulateOptions, deps: SimulateDeps): Promise<Report> {
  const { progress } = deps
  const differences = new Differences()
  const retries = new Map<RetryReason, number>()
  const connection = await connect(options, deps.env, (reason) =>
    retries.set(reason, (retries.get(reason) ?? 0) + 1),
  )
  const { chain, platform } = connection
  try {
    const world = planWorld(options)
    const firstBlock = await chain.blockNumber()
    const tenant =
      connection.givenTenant ?? (await progress.step('tenant', () => createTenant(platform, options.seed)))
    const stage = await setUp(tenant, world, progress)
    const { acts, digest } = digested(planActs(world))
    const firing = await fireAll(stage, acts, { options, differences, retries, output: deps.output })
    await settle(stage, options, differences, progress)
    const ending = emptyEnding()
    await progress.step('every account against the chain', (note) =>
      check(stage, {
        chain,
        firstBlock,
        differences,
        ending,
        onProgress: (done) => note(`${done} of ${stage.length} economies`),
      }),
    )
    return makeReport(options, { plan: digest(), firing, ending, retries, differences })
  } finally {
    await connection.close()
  }
}

interface FireContext {
  options: SimulateOptions
  differences: Differences
  retries: ReadonlyMap<RetryReason, number>
  output: Output
}

async function fireAll(stage: Stage, acts: Iterable<Act>, context: FireContext): Promise<Firing> {
  const { options, differences, retries, output } = context
  const bar = startProgressBar('transfers', options.transfers, output)
  let latest: Firing | undefined
  const draw = () => {
    if (latest) bar.update(latest.transfers, noteOf(latest, retries))
  }
  // Redrawn by the clock too: while the API asks everybody to wait, nothing else happens.
  const timers = [
    setInterval(draw, REDRAW_MS),
    setInterval(() => void keepPricesFresh(stage, differences), PRICE_EVERY_MS),
  ]
  try {
    const firing = await fire(stage, acts, {
      concurrency: options.concurrency,
      differences,
      onProgress(now) {
        latest = now
        draw()
      },
    })
    bar.end(noteOf(firing, retries))
    return firing
  } finally {
    for (const timer of timers) clearInterval(timer)
  }
}

function noteOf(firing: Firing, retries: ReadonlyMap<RetryReason, number>): string {
  const { accepted, transfers, elapsedMs } = firing
  const rate = elapsedMs === 0 ? 0 : Math.round((transfers / elapsedMs) * 1_000)
  const limited = retries.get('rate_limited') ?? 0
  const waiting = limited === 0 ? '' : `, told to wait ${formatCount(limited)} times`
  return `${formatCount(accepted)} accepted, ${formatCount(transfers - accepted)} refused, ${formatCount(rate)}/s${waiting}`
}

async function keepPricesFresh(stage: Stage, differences: Differences): Promise<void> {
  for (const { client, plan } of stage) {
    try {
      await recordPrice(client, plan)
    } catch (error) {
      differences.add('price', `${plan.symbol}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}

async function settle(
  stage: Stage,
  { settleTimeoutMs }: SimulateOptions,
  differences: Differences,
  progress: Progress,
): Promise<void> {
  await progress.step('until the last one is final', async (note) => {
    const late = await waitUntilSettled(stage, settleTimeoutMs, (done, open) => {
      const oldest = open.map(({ since }) => since).sort()[0]
      note(`${done} of ${stage.length} economies${oldest === undefined ? '' : `, oldest since ${oldest}`}`)
    })
    for (const { economy, status, since } of late) {
      differences.add('not over in time', `${economy.plan.symbol}: one is ${status} since ${since}`)
    }
  })
}
