import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { Registry } from 'prom-client'
import { createJobDispatcher } from '#adapters/bullmq/job-dispatcher.ts'
import { assertNoEviction } from '#adapters/bullmq/redis.ts'
import type { JobHandler } from '#adapters/bullmq/workers.ts'
import { systemClock as clock } from '#adapters/crypto/clock.ts'
import { connectChains } from '#adapters/evm/connect-chains.ts'
import { Database } from '#adapters/postgres/database.ts'
import { readPlatformGauges } from '#adapters/postgres/platform-gauges.ts'
import { createWorkFinder } from '#adapters/postgres/work-finder.ts'
import type { WorkerConfig } from '#config'
import { startCarriage } from './carriage.ts'
import { startChainDirectory } from './chain-directory.ts'
import { startHealthServer } from './health-server.ts'
import { createJobHandlers, type JobHandlers } from './jobs.ts'
import { createMetrics } from './metrics.ts'
import { createObserver } from './observer.ts'

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
  const observer = createObserver(logger, registry)
  const { workerUrl: url, poolSize } = config.database
  const database = new Database({ url, poolSize, applicationName: 'ost-worker' })
  const chains = connectChains({ chains: config.chains, observer })
  const directory = await startChainDirectory({ database, chains: config.chains, observer })
  const jobs = createJobDispatcher({
    redisUrl: config.redis.url,
    onWakeFailed: (job) => observer.count('wakes_failed_total', { queue: job.name }),
  })
  const metrics = createMetrics(registry, {
    gauges: async () => readPlatformGauges(database),
    depths: async () => jobs.depths(),
  })
  const handlers = createJobHandlers({
    config,
    database,
    chains,
    directory,
    jobs,
    observer,
    afterBlocks: async () => carriage.sweep(),
  })
  const carriage = startCarriage({
    redisUrl: config.redis.url,
    handlers: options.around ? withAround(handlers, options.around) : handlers,
    jobs,
    finder: createWorkFinder(database),
    chains: () => directory.ready(),
    clock,
    observer,
    metrics,
    giveUp: options.giveUp,
  })
  const health = await startHealthServer({
    host: config.worker.metricsHost,
    port: config.worker.metricsPort,
    metrics: { contentType: registry.contentType, print: async () => metrics.print() },
    async isReady() {
      await database.pool.query('SELECT 1')
      await jobs.ping()
    },
  })

  return {
    metricsPort: health.port,
    async stop(graceMs = config.shutdown.graceMs) {
      // What is still running after that is cut off: every job may die anywhere, and another worker goes on with it.
      await carriage.stop(Math.max(0, graceMs - LETTING_GO_MS))
      directory.stop()
      const closed = Promise.allSettled([health.close(), jobs.close(), chains.close(), database.close()])
      await Promise.race([closed, delay(LETTING_GO_MS, undefined, { ref: false })])
    },
  }
}

function withAround(handlers: JobHandlers, around: (job: JobHandler) => JobHandler): JobHandlers {
  return Object.fromEntries(Object.entries(handlers).map(([name, job]) => [name, around(job)]))
}
