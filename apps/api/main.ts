import closeWithGrace from 'close-with-grace'
import { pino } from 'pino'
import { Histogram, Registry } from 'prom-client'
import { createJobDispatcher } from '#adapters/bullmq/job-dispatcher.ts'
import { openRedis } from '#adapters/bullmq/redis.ts'
import { apiKeyHasher } from '#adapters/crypto/api-key-hasher.ts'
import { systemClock } from '#adapters/crypto/clock.ts'
import { ids } from '#adapters/crypto/ids.ts'
import { createKeyVault } from '#adapters/crypto/key-vault.ts'
import { createSealer } from '#adapters/crypto/sealer.ts'
import { createSigningKeys, createVerifyBytes, createVerifyDialect } from '#adapters/crypto/signing-keys.ts'
import { createAddressBook } from '#adapters/evm/address-book.ts'
import { createEconomyContracts } from '#adapters/evm/economy-contracts.ts'
import { Database } from '#adapters/postgres/database.ts'
import { createUnitOfWork } from '#adapters/postgres/unit-of-work.ts'
import { traceRequests } from '#adapters/telemetry/trace-requests.ts'
import { startTracing } from '#adapters/telemetry/tracing.ts'
import { ConfigError, loadConfig } from '#config'
import { buildApp } from './app.ts'
import { openContractsBook } from './contracts-book.ts'
import { createDataPlane } from './data-plane.ts'
import { createMoneyPath } from './money-path.ts'
import { logOptions } from './plugins/log.ts'
import { createSignInParts } from './sign-in.ts'

/** Items of one group commit: the acceptor's bound is a thousand. */
const BATCH_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_000]

/** config → adapters → app → listen → close. */
async function main(): Promise<void> {
  const config = loadConfig(process.env)
  const log = pino(logOptions(config.log.level) || { level: 'silent' })
  const clock = systemClock
  const metrics = new Registry()
  const database = new Database({
    url: config.database.url,
    poolSize: config.database.poolSize,
    applicationName: 'ost-api',
    patienceMs: config.database.patienceMs,
  })
  const redis = openRedis(config.redis.url, 'dispatcher')
  const jobs = createJobDispatcher({
    redisUrl: config.redis.url,
    onWakeFailed: (job, error) =>
      log.warn({ err: error, job }, 'a job was not woken; the sweeper will find it'),
  })
  const contracts = await openContractsBook(database, (error) =>
    log.warn({ err: error }, 'contracts were not read'),
  )
  const spans = config.tracing && (await startTracing(config.tracing, 'ost-api'))
  const tracing = spans ? traceRequests(spans) : undefined
  const batchSizes = new Histogram({
    name: 'acceptor_batch_items',
    help: 'Transactions accepted by one group commit.',
    buckets: BATCH_BUCKETS,
    registers: [metrics],
  })
  const moneyPath = createMoneyPath(
    { database, clock, ids, jobs, priceMaxAgeMs: config.pricing.maxAgeSeconds * 1_000 },
    (items) => batchSizes.observe(items),
    tracing,
  )
  const { keyEncryptionKey, previousKeyEncryptionKeys } = config.keys
  const sealer = createSealer(keyEncryptionKey, previousKeyEncryptionKeys)
  const app = await buildApp({
    ...moneyPath,
    ...createDataPlane(database),
    ...createSignInParts({ database, sealer, ids, issuer: config.api.publicUrl }),
    config,
    database,
    redis,
    unitOfWork: createUnitOfWork({ database, ids, sealer }),
    hasher: apiKeyHasher,
    signingKeys: createSigningKeys(sealer),
    keyVault: createKeyVault({ key: keyEncryptionKey, previousKeys: previousKeyEncryptionKeys }),
    verifyBytes: createVerifyBytes(sealer),
    verifyDialect: createVerifyDialect(sealer),
    addressBook: createAddressBook(contracts.contractsOf),
    faucet: createEconomyContracts({ contractsOf: contracts.contractsOf, clientOf: noClient }),
    jobs,
    metrics,
    ...(tracing && { tracing }),
    clock,
    ids,
  })

  closeWithGrace({ delay: config.shutdown.graceMs, logger: app.log }, async ({ err, signal }) => {
    if (err) app.log.fatal({ err }, 'the api stops because of an unexpected error')
    else app.log.info({ signal }, 'the api stops')
    await app.close()
    await moneyPath.acceptor.drain()
    contracts.close()
    await jobs.close()
    redis.disconnect()
    await Promise.all([database.close(), spans?.close()])
  })
  await app.listen({ host: config.api.host, port: config.api.port })
}

/** The API only writes calls down; whoever reads a chain from here has taken a wrong turn. */
function noClient(): never {
  throw new Error('the api has no connection to a chain')
}

try {
  await main()
} catch (error) {
  if (!(error instanceof ConfigError)) throw error
  process.stderr.write(`${error.problems.join('\n')}\n`)
  process.exitCode = 1
}
