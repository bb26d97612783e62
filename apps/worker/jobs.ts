import { setTimeout as delay } from 'node:timers/promises'
import type { BullmqJobDispatcher } from '#adapters/bullmq/job-dispatcher.ts'
import type { JobHandler } from '#adapters/bullmq/workers.ts'
import { createRuleCompiler } from '#adapters/cel/rule-compiler.ts'
import { systemClock as clock } from '#adapters/crypto/clock.ts'
import { ids } from '#adapters/crypto/ids.ts'
import { createKeyVault } from '#adapters/crypto/key-vault.ts'
import { createSealer } from '#adapters/crypto/sealer.ts'
import { createAnchorBook } from '#adapters/evm/anchor-book.ts'
import { createBlockReaders } from '#adapters/evm/block-reader.ts'
import type { ConnectedChains } from '#adapters/evm/connect-chains.ts'
import { createEconomyContracts, grantedAmount } from '#adapters/evm/economy-contracts.ts'
import { createGatewayCalls } from '#adapters/evm/gateway-calls.ts'
import { createGatewayLogReader } from '#adapters/evm/gateway-logs.ts'
import { createGatewayReader } from '#adapters/evm/gateway-reader.ts'
import { haltsOnSecondOpinion, reversesOnSecondOpinion } from '#adapters/evm/second-opinion.ts'
import { createOracleReader, createPriceSigner } from '#adapters/evm/price-oracle.ts'
import { createSentTransactions } from '#adapters/evm/sent-transactions.ts'
import { createLaneSigners } from '#adapters/evm/lane-signers.ts'
import { createDeliveryQueue } from '#adapters/postgres/webhook-delivery-queue.ts'
import { createEventLog } from '#adapters/postgres/webhook-event-log.ts'
import { createReplayLog } from '#adapters/postgres/webhook-replay-log.ts'
import { createAirdropRun } from '#adapters/postgres/airdrop-run.ts'
import { createAnchoringStore } from '#adapters/postgres/anchoring-store.ts'
import { createBackingDesk } from '#adapters/postgres/backing-desk.ts'
import { createChainStore } from '#adapters/postgres/chain-store.ts'
import type { Database } from '#adapters/postgres/database.ts'
import { createDeploymentStore } from '#adapters/postgres/deployment-store.ts'
import { createExpiredRows } from '#adapters/postgres/expired-rows.ts'
import { createListFedEconomies } from '#adapters/postgres/fed-economies.ts'
import { createLaneStore } from '#adapters/postgres/lane-store.ts'
import { createMessageDesk } from '#adapters/postgres/message-desk.ts'
import { createOutboxReader } from '#adapters/postgres/outbox-reader.ts'
import { createSealedKinds } from '#adapters/postgres/sealed-values.ts'
import { createOperatorRequests } from '#adapters/postgres/operator-requests.ts'
import { createRecoveryStore } from '#adapters/postgres/recovery-store.ts'
import { createReconciliationStore } from '#adapters/postgres/reconciliation-store.ts'
import { createReportStore } from '#adapters/postgres/report-store.ts'
import { createSettlementStore } from '#adapters/postgres/settlement-store.ts'
import { createSubmissionStore } from '#adapters/postgres/submission-store.ts'
import { createUnitOfWork } from '#adapters/postgres/unit-of-work.ts'
import { createPriceFeed } from '#adapters/price-feed/price-feed.ts'
import { allAround, type AroundPorts } from '#adapters/telemetry/around-ports.ts'
import type { WorkerConfig } from '#config'
import { compareBacking } from '#core/gateway/compare-backing.ts'
import type { JobName } from '#core/outbox/job-dispatcher.ts'
import type { Observer } from '#core/shared/observer.ts'
import { createLaneMemory } from '#core/transaction/lane-memory.ts'
import { createDeliveryPlaces } from '#core/webhook/delivery-places.ts'
import type { WebhookSender } from '#core/webhook/webhook-sender.ts'
// Receivers of webhooks see things as the API shows them: one format, one place.
import { toWire } from '#apps/api/presenters/wire-id.ts'
import type { ChainDirectory } from './chain-directory.ts'
import { advanceMessageJob } from './jobs/advance-message.ts'
import { anchorRootsJob } from './jobs/anchor-roots.ts'
import { cleanUpJob } from './jobs/clean-up.ts'
import { deliverWebhooksJob } from './jobs/deliver-webhooks.ts'
import { deployEconomyJob } from './jobs/deploy-economy.ts'
import { fanOutEventsJob } from './jobs/fan-out-events.ts'
import { type ChainWatcher, followChainJob } from './jobs/follow-chain.ts'
import { postBackingJob } from './jobs/post-backing.ts'
import { rebroadcastLaneJob } from './jobs/rebroadcast-lane.ts'
import { publishPricesJob } from './jobs/publish-prices.ts'
import { readPricesJob } from './jobs/read-prices.ts'
import { reconcileEconomyJob } from './jobs/reconcile-economy.ts'
import { refreshPricesJob } from './jobs/refresh-prices.ts'
import { relayOutboxJob } from './jobs/relay-outbox.ts'
import { replayEventsJob } from './jobs/replay-events.ts'
import { resealKeysJob } from './jobs/reseal-keys.ts'
import { runAirdropJob } from './jobs/run-airdrop.ts'
import { submitLaneJob } from './jobs/submit-lane.ts'
import { createReach } from './kill-at.ts'
import { createTellers } from './tellers.ts'

/** Who does the work of each queue; a queue without a handler is not served. */
export type JobHandlers = Partial<Record<JobName, JobHandler>>

/** Puts every job together from its use case and the adapters behind that. */
export function createJobHandlers(deps: {
  config: WorkerConfig
  database: Database
  chains: ConnectedChains
  directory: ChainDirectory
  jobs: BullmqJobDispatcher
  sender: WebhookSender
  observer: Observer
  afterLook: ChainWatcher
  /** What tells of the money path's work: log lines, spans. */
  around: readonly AroundPorts[]
}): JobHandlers {
  const { config, database, chains, directory, jobs, observer } = deps
  const { keyEncryptionKey: key, previousKeyEncryptionKeys: previousKeys } = config.keys
  const keyVault = createKeyVault({ key, previousKeys })
  const sealer = createSealer(key, previousKeys)
  const told = allAround(deps.around)
  const priceMaxAgeMs = config.pricing.maxAgeSeconds * 1_000
  const { killAt } = config.worker
  const reach = killAt === undefined ? {} : { reach: createReach(killAt) }
  const common = { clock, ids, observer, jobs, ...reach }
  const gateways = createGatewayReader((chainId) => chains.client(chainId))
  const backings = createBackingDesk(database)
  const chainWork = {
    ...common,
    chains: haltsOnSecondOpinion(createChainStore(database), (chainId) => chains.client(chainId)),
    settlements: told.settlements(
      reversesOnSecondOpinion(createSettlementStore(database, ids), (chainId) => chains.client(chainId)),
    ),
    blockReaders: createBlockReaders((chainId) => chains.client(chainId)),
    reconciliations: createReconciliationStore(database, ids),
    compareBacking: (economyId: string) => compareBacking({ backings, gateways }, economyId),
    // Local chains lose their last seconds when they are killed; a production chain that does so is halted.
    reversesFinalBlocks: config.nodeEnv !== 'production',
    afterLook: deps.afterLook,
  }
  const laneWork = {
    ...common,
    lanes: createLaneStore(database),
    submissions: told.submissions(createSubmissionStore(database, ids)),
    chains: told.chains(chains),
    signers: createLaneSigners({ keyVault }),
    memory: createLaneMemory(),
    pause: (ms: number) => delay(ms),
    operatorRequests: createOperatorRequests(database),
    recovery: {
      store: createRecoveryStore(database, ids),
      transactions: createSentTransactions((chainId) => chains.client(chainId)),
    },
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
  const feeds = config.pricing.feeds.map(createPriceFeed)
  const gatewayWork = {
    ...common,
    keyVault,
    reader: gateways,
    gatewayLogs: createGatewayLogReader((chainId) => chains.client(chainId)),
    calls: createGatewayCalls(),
    book: createAnchorBook(),
    messages: createMessageDesk(database, ids),
    anchorings: createAnchoringStore(database),
    backings,
    intervalMs: config.worker.anchorIntervalSeconds * 1_000,
  }
  const priceWork = {
    ...common,
    unitOfWork: createUnitOfWork({ database, ids, sealer }),
    listFedEconomies: createListFedEconomies(database),
    refreshMs: priceMaxAgeMs / 4,
    deviationBpsMax: config.pricing.deviationBpsMax,
    feeds: feeds.filter(({ asset }) => asset === null),
  }
  const clientOf = (chainId: number) => chains.client(chainId)
  const oracleWork = {
    ...common,
    unitOfWork: priceWork.unitOfWork,
    oracle: createOracleReader(clientOf),
    signer: createPriceSigner(config.pricing.feederKeys, clientOf),
    reports: createReportStore(database),
    recorded: new Map<string, number>(),
    feeds: feeds.filter(({ asset }) => asset !== null),
  }
  const eventWork = {
    ...common,
    log: createEventLog(database),
    tell: createTellers(database, priceWork.unitOfWork, {
      gatewayCalls: gatewayWork.calls,
      faucet: { grantedAmount },
    }),
    replays: createReplayLog(database),
  }
  const deliveryWork = {
    ...common,
    queue: createDeliveryQueue({ database, ids, sealer }),
    sender: deps.sender,
    messageId: (eventId: string) => toWire('evt', eventId),
    places: createDeliveryPlaces(),
    chance: Math.random,
  }
  return {
    'relay-outbox': relayOutboxJob({ ...common, outbox: told.outbox(createOutboxReader(database)) }),
    'deploy-economy': deployEconomyJob(deployment),
    'run-airdrop': runAirdropJob(airdropWork),
    'submit-lane': submitLaneJob(laneWork),
    'rebroadcast-lane': rebroadcastLaneJob(laneWork),
    'follow-chain': followChainJob(chainWork),
    'reconcile-economy': reconcileEconomyJob(chainWork),
    ...(priceWork.feeds.length > 0 && { 'refresh-prices': refreshPricesJob(priceWork) }),
    ...(oracleWork.feeds.length > 0 && { 'publish-prices': publishPricesJob(oracleWork) }),
    'read-prices': readPricesJob(oracleWork),
    'reseal-keys': resealKeysJob({ observer, kinds: createSealedKinds(database, { keyVault, sealer }) }),
    'fan-out-events': fanOutEventsJob(eventWork),
    'deliver-webhooks': deliverWebhooksJob(deliveryWork),
    'replay-events': replayEventsJob(eventWork),
    'advance-message': advanceMessageJob(gatewayWork),
    'anchor-roots': anchorRootsJob(gatewayWork),
    'post-backing': postBackingJob(gatewayWork),
    'clean-up': cleanUpJob({ ...common, expired: createExpiredRows(database) }),
  }
}
