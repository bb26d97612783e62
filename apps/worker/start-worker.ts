import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { Registry } from 'prom-client'
import { createJobDispatcher } from '#adapters/bullmq/job-dispatcher.ts'
import { assertNoEviction } from '#adapters/bullmq/redis.ts'
import type { JobHandler } from '#adapters/bullmq/workers.ts'
import { systemClock as clock } from '#adapters/crypto/clock.ts'
import { createWebhookSender } from '#adapters/http/webhook-sender.ts'
import { connectChains } from '#adapters/evm/connect-chains.ts'
import { inSequence } from '#adapters/evm/rpc-client.ts'
import { createChainStore } from '#adapters/postgres/chain-store.ts'
import { Database } from '#adapters/postgres/database.ts'
import { readPlatformGauges } from '#adapters/postgres/platform-gauges.ts'
import { createWorkFinder } from '#adapters/postgres/work-finder.ts'
import { tracePorts } from '#adapters/telemetry/trace-ports.ts'
import { startTracing } from '#adapters/telemetry/tracing.ts'
import type { WorkerConfig } from '#config'
import type { BlockPosition, ChainStore } from '#core/ledger/chain-store.ts'
import { startCarriage } from './carriage.ts'
import { startChainDirectory } from './chain-directory.ts'
import { startHealthServer } from './health-server.ts'
import { createJobHandlers, type JobHandlers } from './jobs.ts'
import { logPorts } from './log-ports.ts'
import { createMetrics } from './metrics.ts'
import { createFollowPace } from './follow-pace.ts'
import { createObserver } from './observer.ts'
import { checkReadiness } from './readiness.ts'

/** Part of the time to stop in that is kept for closing connections. */
const LETTING_GO_MS = 1_500

export interface RunningWorker {
  /** Where /livez, /readyz and /metrics are. */
  metricsPort: number
  /** Finishes the jobs under way and lets go of everything, within `graceMs`. */
  stop(graceMs?: number): Promise<void>
}

/**
 * Wires a worker by hand and starts it. Any number of them may run at once.
 *
 * @param options.giveUp Told when the worker cannot go on; the process is then to end, for its supervisor to start it anew.
 * @param options.around Stands around every job: for measurements, or for a test that runs each job twice.
 * @throws RedisEvicts, and when Postgres or Redis cannot be reached
 */
export async function startWorker(
  config: WorkerConfig,
  logger: Logger,
  options: { giveUp: (reason: string) => void; around?: (job: JobHandler) => JobHandler },
): Promise<RunningWorker> {
  await assertNoEviction(config.redis.url)
  const registry = new Registry()
  const utility = config.chains.filter((chain) => chain.role === 'utility').map((chain) => chain.id)
  const observer = createObserver(logger, registry, utility)
  const { workerUrl: url, poolSize } = config.database
  const database = new Database({ url, poolSize, applicationName: 'ost-worker' })
  const chains = connectChains({
    chains: config.chains,
    observer,
    anchorOf: async (chainId) => readFinalBlock(createChainStore(database), chainId),
  })
  const directory = await startChainDirectory({ database, chains: config.chains, observer })
  const jobs = createJobDispatcher({
    redisUrl: config.redis.url,
    onWakeFailed: (job) => observer.count('wakes_failed_total', { queue: job.name }),
  })
  const metrics = createMetrics(registry, {
    gauges: async () => readPlatformGauges(database),
    depths: async () => jobs.depths(),
  })
  const tracing = config.tracing && (await startTracing(config.tracing, 'ost-worker'))
  const sender = createWebhookSender(config.webhooks)
  const pace = createFollowPace()
  const handlers = createJobHandlers({
    config,
    database,
    chains,
    directory,
    jobs,
    sender,
    observer,
    async afterLook(chainId, at, hasNewBlocks) {
      pace.looked(chainId, at, hasNewBlocks)
      if (hasNewBlocks) await carriage.sweep()
    },
    around: [logPorts(observer), ...(tracing ? [tracePorts(tracing)] : [])],
  })
  const carriage = startCarriage({
    redisUrl: config.redis.url,
    handlers: inSequences(options.around ? withAround(handlers, options.around) : handlers),
    jobs,
    finder: createWorkFinder(database),
    chains: () => directory.ready(),
    pace,
    clock,
    observer,
    metrics,
    giveUp: options.giveUp,
  })
  const health = await startHealthServer({
    host: config.worker.metricsHost,
    port: config.worker.metricsPort,
    metrics: { contentType: registry.contentType, print: async () => metrics.print() },
    check: async () =>
      checkReadiness({
        database,
        pingRedis: async () => jobs.ping(),
        chains: () => directory.ready(),
        headOf: async (chainId) => chains.client(chainId).call('eth_blockNumber'),
      }),
  })

  return {
    metricsPort: health.port,
    async stop(graceMs = config.shutdown.graceMs) {
      // What is still running after that is cut off: every job may die anywhere, and another worker goes on with it.
      await carriage.stop(Math.max(0, graceMs - LETTING_GO_MS))
      directory.stop()
      const closed = Promise.allSettled([
        health.close(),
        jobs.close(),
        chains.close(),
        sender.close(),
        database.close(),
        tracing?.close(),
      ])
      await Promise.race([closed, delay(LETTING_GO_MS, undefined, { ref: false })])
    },
  }
}

/** Jobs that compare several answers of a chain have all of them from one node. */
function inSequences(handlers: JobHandlers): JobHandlers {
  const sequences: JobHandlers = { ...handlers }
  for (const name of ['follow-chain', 'rebroadcast-lane', 'reconcile-economy'] as const) {
    const job = handlers[name]
    if (job) sequences[name] = async (id, signal) => inSequence(async () => job(id, signal))
  }
  return sequences
}

/** The newest block of the chain that the ledger takes for final; null before the first. */
async function readFinalBlock(store: ChainStore, chainId: number): Promise<BlockPosition | null> {
  const { position } = await store.get(chainId)
  if (!position) return null
  const number = position.finalNumber
  const hash = (await store.canonicalHashes(chainId, number, number)).get(number)
  return hash === undefined ? null : { number, hash }
}

function withAround(handlers: JobHandlers, around: (job: JobHandler) => JobHandler): JobHandlers {
  return Object.fromEntries(Object.entries(handlers).map(([name, job]) => [name, around(job)]))
}
