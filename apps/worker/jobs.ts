import type { BullmqJobDispatcher } from '#adapters/bullmq/job-dispatcher.ts'
import type { JobHandler } from '#adapters/bullmq/workers.ts'
import { createRuleCompiler } from '#adapters/cel/rule-compiler.ts'
import { systemClock as clock } from '#adapters/crypto/clock.ts'
import { ids } from '#adapters/crypto/ids.ts'
import { createKeyVault } from '#adapters/crypto/key-vault.ts'
import { createSealer } from '#adapters/crypto/sealer.ts'
import { createBlockReaders } from '#adapters/evm/block-reader.ts'
import type { ConnectedChains } from '#adapters/evm/connect-chains.ts'
import { createEconomyContracts } from '#adapters/evm/economy-contracts.ts'
import { createLaneSigners } from '#adapters/evm/lane-signers.ts'
import { createAirdropRun } from '#adapters/postgres/airdrop-run.ts'
import { createChainStore } from '#adapters/postgres/chain-store.ts'
import type { Database } from '#adapters/postgres/database.ts'
import { createDeploymentStore } from '#adapters/postgres/deployment-store.ts'
import { createExpiredRows } from '#adapters/postgres/expired-rows.ts'
import { createListFedEconomies } from '#adapters/postgres/fed-economies.ts'
import { createLaneStore } from '#adapters/postgres/lane-store.ts'
import { createOutboxReader } from '#adapters/postgres/outbox-reader.ts'
import { createReconciliationStore } from '#adapters/postgres/reconciliation-store.ts'
import { createSettlementStore } from '#adapters/postgres/settlement-store.ts'
import { createSubmissionStore } from '#adapters/postgres/submission-store.ts'
import { createUnitOfWork } from '#adapters/postgres/unit-of-work.ts'
import { createPriceFeed } from '#adapters/price-feed/price-feed.ts'
import type { WorkerConfig } from '#config'
import type { JobName } from '#core/outbox/job-dispatcher.ts'
import type { Observer } from '#core/shared/observer.ts'
import { createLaneMemory } from '#core/transaction/lane-memory.ts'
import type { ChainDirectory } from './chain-directory.ts'
import { cleanUpJob } from './jobs/clean-up.ts'
import { deployEconomyJob } from './jobs/deploy-economy.ts'
import { followChainJob } from './jobs/follow-chain.ts'
import { rebroadcastLaneJob } from './jobs/rebroadcast-lane.ts'
import { reconcileEconomyJob } from './jobs/reconcile-economy.ts'
import { refreshPricesJob } from './jobs/refresh-prices.ts'
import { relayOutboxJob } from './jobs/relay-outbox.ts'
import { runAirdropJob } from './jobs/run-airdrop.ts'
import { submitLaneJob } from './jobs/submit-lane.ts'

/** Who does the work of each queue; a queue without a handler is not served. */
export type JobHandlers = Partial<Record<JobName, JobHandler>>

/** Puts every job together from its use case and the adapters behind that. */
export function createJobHandlers(deps: {
  config: WorkerConfig
  database: Database
  chains: ConnectedChains
  directory: ChainDirectory
  jobs: BullmqJobDispatcher
  observer: Observer
  /** Told after a chain's blocks were settled. */
  afterBlocks: () => Promise<void>
}): JobHandlers {
  const { config, database, chains, directory, jobs, observer } = deps
  const { keyEncryptionKey } = config.keys
  const priceMaxAgeMs = config.pricing.maxAgeSeconds * 1_000
  const common = { clock, ids, observer, jobs }
  const chainWork = {
    ...common,
    chains: createChainStore(database),
    settlements: createSettlementStore(database, ids),
    blockReaders: createBlockReaders((chainId) => chains.client(chainId)),
    reconciliations: createReconciliationStore(database, ids),
    // Local chains lose their last seconds when they are killed; a production chain that does so is halted.
    reversesFinalBlocks: config.nodeEnv !== 'production',
    afterBlocks: deps.afterBlocks,
  }
  const laneWork = {
    ...common,
    lanes: createLaneStore(database),
    submissions: createSubmissionStore(database, ids),
    chains,
    signers: createLaneSigners({ keyVault: createKeyVault({ key: keyEncryptionKey }) }),
    memory: createLaneMemory(),
  }
  const deployment = {
    ...common,
    deployments: createDeploymentStore(database, { ids }),
    contracts: createEconomyContracts({
      contractsOf: (chainId) => directory.contractsOf(chainId),
      clientOf: (chainId) => chains.client(chainId),
    }),
  }
  const airdropWork = {
    observer,
    airdrops: createAirdropRun(database, { ids, compiler: createRuleCompiler() }),
    accept: {
      ...common,
      configs: new Map(),
      priceMaxAgeMs,
      wakeLanes: (laneIds: readonly string[]) =>
        laneIds.forEach((id) => jobs.wake({ name: 'submit-lane', id })),
    },
  }
  const priceWork = {
    ...common,
    unitOfWork: createUnitOfWork({ database, ids, sealer: createSealer(keyEncryptionKey) }),
    listFedEconomies: createListFedEconomies(database),
    refreshMs: priceMaxAgeMs / 4,
    feeds: config.pricing.feeds.map(createPriceFeed),
  }
  return {
    'relay-outbox': relayOutboxJob({ outbox: createOutboxReader(database), jobs }),
    'deploy-economy': deployEconomyJob(deployment),
    'run-airdrop': runAirdropJob(airdropWork),
    'submit-lane': submitLaneJob(laneWork),
    'rebroadcast-lane': rebroadcastLaneJob(laneWork),
    'follow-chain': followChainJob(chainWork),
    'reconcile-economy': reconcileEconomyJob(chainWork),
    ...(priceWork.feeds.length > 0 && { 'refresh-prices': refreshPricesJob(priceWork) }),
    'clean-up': cleanUpJob({ ...common, expired: createExpiredRows(database) }),
  }
}
