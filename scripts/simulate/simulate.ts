import { UsageError } from '#apps/cli/errors.ts'
import { readLocalStack } from '#apps/cli/local-stack.ts'
import { createV3Client, type RetryReason, type V3Client } from '#apps/cli/v3-client.ts'
import type { Progress } from '../stack/progress.ts'
import { type ChainReader, createChainReader } from './chain-reader.ts'
import { check, emptyEnding } from './check.ts'
import { Differences } from './differences.ts'
import { type Firing, fire } from './fire.ts'
import type { SimulateOptions } from './options.ts'
import { type Act, digested, planActs } from './plan.ts'
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

/** How long one request may go on repeating: restarts of the platform in the middle of a run are no reason to give up. */
const PATIENCE_MS = 300_000
/** Prices go stale after an hour unless the platform is set otherwise. */
const PRICE_EVERY_MS = 10 * 60_000
const CONNECTIONS_BESIDES = 8

/** Plays the whole run through the public API, then compares every account with the chain. */
export async function simulate(options: SimulateOptions, deps: SimulateDeps): Promise<Report> {
  const { progress } = deps
  const differences = new Differences()
  const retries = new Map<RetryReason, number>()
  const { client, chain, tenant } = await connect(options, deps, (reason) =>
    retries.set(reason, (retries.get(reason) ?? 0) + 1),
  )
  try {
    const world = planWorld(options)
    const firstBlock = await chain.blockNumber()
    const stage = await setUp(await tenant(), world, progress)
    const { acts, digest } = digested(planActs(world))
    const firing = await fireAll(stage, acts, options, differences, deps.output)
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
    await client.close()
  }
}

interface Connection {
  client: V3Client
  chain: ChainReader
  /** With a key of the tenant that the run plays: the given one, or a new one. */
  tenant: () => Promise<V3Client>
}

/** @throws UsageError where nothing says how to reach the API, a key or the chain. */
async function connect(
  options: SimulateOptions,
  { env, progress }: SimulateDeps,
  onRetry: (reason: RetryReason) => void,
): Promise<Connection> {
  const local = await readLocalStack(env)
  const url = options.apiUrl ?? env['OST_API_URL'] ?? local.apiUrl
  if (url === undefined) {
    throw new UsageError(
      'It is not known where the API is: start the platform with npm start, or name one with --api-url.',
    )
  }
  const isLocal = local.apiUrl !== undefined && new URL(url).origin === new URL(local.apiUrl).origin
  const rpcUrl = options.rpcUrl ?? (isLocal ? local.utilityRpcUrl : undefined)
  if (rpcUrl === undefined) {
    throw new UsageError(
      "The final check reads the chain itself: name the utility chain's RPC with --rpc-url.",
    )
  }
  const client = createV3Client({
    url,
    connections: options.concurrency + CONNECTIONS_BESIDES,
    patienceMs: PATIENCE_MS,
    patienceUnreachableMs: PATIENCE_MS,
    onRetry,
  })
  const given = options.apiKey ?? env['OST_API_KEY']
  const operatorKey = env['OPERATOR_KEY'] ?? (isLocal ? local.operatorKey : undefined)
  return {
    client,
    chain: createChainReader(rpcUrl),
    async tenant() {
      if (given !== undefined) return client.with({ key: given })
      const platform = operatorKey === undefined ? client : client.with({ key: operatorKey })
      return client.with({ key: await progress.step('tenant', () => createTenant(platform, options.seed)) })
    },
  }
}

async function fireAll(
  stage: Stage,
  acts: Iterable<Act>,
  options: SimulateOptions,
  differences: Differences,
  output: Output,
): Promise<Firing> {
  const bar = startProgressBar('transfers', options.transfers, output)
  const noteOf = ({ accepted, transfers, elapsedMs }: Firing) => {
    const rate = elapsedMs === 0 ? 0 : Math.round((transfers / elapsedMs) * 1_000)
    return `${formatCount(accepted)} accepted, ${formatCount(transfers - accepted)} refused, ${formatCount(rate)}/s`
  }
  const prices = setInterval(() => void keepPricesFresh(stage, differences), PRICE_EVERY_MS)
  try {
    const firing = await fire(stage, acts, {
      concurrency: options.concurrency,
      differences,
      onProgress: (now) => bar.update(now.transfers, noteOf(now)),
    })
    bar.end(noteOf(firing))
    return firing
  } finally {
    clearInterval(prices)
  }
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
