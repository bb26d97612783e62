import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { Registry } from 'prom-client'
import { createJobDispatcher } from '#adapters/bullmq/job-dispatcher.ts'
import { assertNoEviction } from '#adapters/bullmq/redis.ts'
import type { JobHandler } from '#adapters/bullmq/workers.ts'
import { createRuleCompiler } from '#adapters/cel/rule-compiler.ts'
import { systemClock as clock } from '#adapters/crypto/clock.ts'
import { ids } from '#adapters/crypto/ids.ts'
import { createKeyVault } from '#adapters/crypto/key-vault.ts'
import { createSealer } from '#adapters/crypto/sealer.ts'
import { createBlockReaders } from '#adapters/evm/block-reader.ts'
import { connectChains } from '#adapters/evm/connect-chains.ts'
import { createEconomyContracts } from '#adapters/evm/economy-contracts.ts'
import { createLaneSigners } from '#adapters/evm/lane-signers.ts'
import { createAirdropRun } from '#adapters/postgres/airdrop-run.ts'
import { createChainStore } from '#adapters/postgres/chain-store.ts'
import { Database } from '#adapters/postgres/database.ts'
import { createDeploymentStore } from '#adapters/postgres/deployment-store.ts'
import { createExpiredRows } from '#adapters/postgres/expired-rows.ts'
import { createListFedEconomies } from '#adapters/postgres/fed-economies.ts'
import { createLaneStore } from '#adapters/postgres/lane-store.ts'
import { createOutboxReader } from '#adapters/postgres/outbox-reader.ts'
import { readPlatformGauges } from '#adapters/postgres/platform-gauges.ts'
import { createReconciliationStore } from '#adapters/postgres/reconciliation-store.ts'
import { createSettlementStore } from '#adapters/postgres/settlement-store.ts'
import { createSubmissionStore } from '#adapters/postgres/submission-store.ts'
import { createUnitOfWork } from '#adapters/postgres/unit-of-work.ts'
import { createWorkFinder } from '#adapters/postgres/work-finder.ts'
import { createPriceFeed } from '#adapters/price-feed/price-feed.ts'
import type { WorkerConfig } from '#config'
import { createLaneMemory } from '#core/transaction/lane-memory.ts'
import { startCarriage } from './carriage.ts'
import { startChainDirectory } from './chain-directory.ts'
import { startHealthServer } from './health-server.ts'
import { cleanUpJob } from './jobs/clean-up.ts'
import { deployEconomyJob } from './jobs/deploy-economy.ts'
import { followChainJob } from './jobs/follow-chain.ts'
import { rebroadcastLaneJob } from './jobs/rebroadcast-lane.ts'
import { reconcileEconomyJob } from './jobs/reconcile-economy.ts'
import { refreshPricesJob } from './jobs/refresh-prices.ts'
import { relayOutboxJob } from './jobs/relay-outbox.ts'
import { runAirdropJob } from './jobs/run-airdrop.ts'
import { submitLaneJob } from './jobs/submit-lane.ts'
import { createMetrics } from './metrics.ts'
import { createObserver } from './observer.ts'

/** Part of the time to stop in that is kept for closing connections. */
const LETTING_GO_MS = 1_500

export interface RunningWorker {
  /** Where /livez, /readyz and /metrics are. */
  metricsPort: number
  /** Finishes the jobs under way, at most for `graceMs`, and lets go of everything. */
  stop(graceMs?: number): Promise<void>
}

/**
 * Wires a worker by hand and starts it. Any number of them may run at once.
 *
 * @param options.giveUp Told once when the worker cannot go on; the process is then to end, for its supervisor to start it anew.
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

  const common = { clock, ids, observer, jobs }
  const chainWork = {
    ...common,
    chains: createChainStore(database),
    settlements: createSettlementStore(database, ids),
    blockReaders: createBlockReaders((chainId) => chains.client(chainId)),
    reconciliations: createReconciliationStore(database, ids),
    reversesFinalBlocks: false,
    afterBlocks: async () => carriage.sweep(),
  }
  const laneWork = {
    ...common,
    lanes: createLaneStore(database),
    submissions: createSubmissionStore(database, ids),
    chains,
    signers: createLaneSigners({ keyVault: createKeyVault({ key: config.keys.keyEncryptionKey }) }),
    memory: createLaneMemory(),
  }
  const contracts = createEconomyContracts({
    contractsOf: (chainId) => directory.contractsOf(chainId),
    clientOf: (chainId) => chains.client(chainId),
  })
  const accept = {
    ...common,
    configs: new Map(),
    priceMaxAgeMs: config.pricing.maxAgeSeconds * 1_000,
    wakeLanes: (laneIds: readonly string[]) =>
      laneIds.forEach((id) => jobs.wake({ name: 'submit-lane', id })),
  }
  const airdrops = createAirdropRun(database, { ids, compiler: createRuleCompiler() })

  const carriage = startCarriage({
    ...common,
    redisUrl: config.redis.url,
    finder: createWorkFinder(database),
    chains: () => directory.ready(),
    hasPriceFeeds: config.pricing.feeds.length > 0,
    metrics,
    giveUp: options.giveUp,
    ...(options.around && { around: options.around }),
    handlers: {
      'relay-outbox': relayOutboxJob({ outbox: createOutboxReader(database), jobs }),
      'deploy-economy': deployEconomyJob({
        ...common,
        contracts,
        deployments: createDeploymentStore(database, { ids }),
      }),
      'run-airdrop': runAirdropJob({ airdrops, accept, observer }),
      'submit-lane': submitLaneJob(laneWork),
      'rebroadcast-lane': rebroadcastLaneJob(laneWork),
      'follow-chain': followChainJob(chainWork),
      'reconcile-economy': reconcileEconomyJob(chainWork),
      'refresh-prices': refreshPricesJob({
        ...common,
        unitOfWork: createUnitOfWork({ database, ids, sealer: createSealer(config.keys.keyEncryptionKey) }),
        listFedEconomies: createListFedEconomies(database),
        refreshMs: (config.pricing.maxAgeSeconds * 1_000) / 4,
        feeds: config.pricing.feeds.map(createPriceFeed),
      }),
      'clean-up': cleanUpJob({ expired: createExpiredRows(database), clock, observer }),
    },
  })
  const isReady = async () => {
    await database.pool.query('SELECT 1')
    await jobs.ping()
  }
  const { metricsHost: host, metricsPort } = config.worker
  const health = await startHealthServer({
    host,
    port: metricsPort,
    metrics: { contentType: registry.contentType, print: async () => metrics.print() },
    isReady,
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
