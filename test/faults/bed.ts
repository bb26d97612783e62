import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createV3Client, type V3Client } from '#apps/cli/v3-client.ts'
import type { WireCreatedTenant } from '#apps/cli/wire.ts'
import { deployContracts } from '#scripts/deploy-contracts.ts'
import { provisionLanes } from '#scripts/provision-lanes.ts'
import { COMPILE_CACHE } from '#scripts/stack/app-command.ts'
import { isAlive } from '#scripts/stack/pid-file.ts'
import { pickFreePorts } from '#scripts/stack/ports.ts'
import { removePostgres } from '#scripts/stack/postgres.ts'
import { Processes } from '#scripts/stack/processes.ts'
import { LOCAL_DEPLOYER_KEY, ROOT } from '#scripts/stack/settings.ts'
import { type App, createApp, type Environment } from './bed/app.ts'
import { type ChainNode, startChainNode } from './bed/chain-node.ts'
import { type PostgresServer, startPostgresServer } from './bed/postgres-server.ts'
import { type RedisNode, startRedisNode } from './bed/redis-node.ts'

const OPERATOR_KEY = 'operator-key-of-the-fault-tests-0123456789'
const VALUE_CHAIN_ID = 31_001
const UTILITY_CHAIN_ID = 31_002
/** What may be started of each at most; every one has its port from the beginning. */
const APIS_MAX = 2
const WORKERS_MAX = 4
const PATIENCE_MS = 60_000

export interface Fleet {
  apis: number
  workers: number
}

export interface BedOptions {
  fleet?: Fleet
  blockTimeSeconds?: number
  finalityDepth?: number
  lanes?: number
  /** RPC endpoints in the platform's settings: proxies before the same node. */
  endpoints?: number
  /** The chain outlives its node. */
  keepsChainState?: boolean
  /** See `ChainNode.pace`. */
  minedByHand?: boolean
  /** The most that the platform offers for gas. Default: no limit. */
  maxFeeGwei?: number
  /** Settings of our processes that differ from those of a bed. */
  env?: Environment
}

/** The whole platform in processes of its own, on servers of its own: each of them may be killed, frozen or cut off. */
export interface Bed {
  readonly postgres: PostgresServer
  readonly redis: RedisNode
  readonly chain: ChainNode
  /** Those that the present fleet has; all of them run when a try begins. */
  readonly apis: readonly App[]
  readonly workers: readonly App[]
  readonly blockTimeMs: number
  readonly finalityDepth: number
  /** Where every process of the bed writes what it says. */
  readonly logFolder: string
  /** The settings of a worker, for one that a test runs in its own process. */
  readonly workerEnv: Environment
  /** Starts and stops processes until the fleet is of this size, and restarts what has died. */
  scale(fleet: Fleet): Promise<void>
  /** Speaks as the operator who creates tenants. */
  createTenant(): Promise<V3Client>
  close(): Promise<void>
}

let beds = 0

/** A run that was killed ended its processes, through their watchdog, but could not remove its folders. */
export async function removeLeftovers(): Promise<void> {
  const local = join(ROOT, '.local')
  for (const name of await readdir(local).catch(() => [])) {
    const [, pid] = /^faults-(\d+)-\d+$/.exec(name) ?? []
    if (pid === undefined || isAlive(Number(pid))) continue
    await removePostgres(join(local, name, 'postgres'))
    await rm(join(local, name), { recursive: true, force: true })
  }
}

export async function startBed(options: BedOptions = {}): Promise<Bed> {
  const { blockTimeSeconds = 0.2, finalityDepth = 2, lanes = 2, endpoints = 1 } = options
  const folder = join(ROOT, '.local', `faults-${process.pid}-${(beds += 1)}`)
  await mkdir(folder, { recursive: true })
  const logFolder = join(folder, 'logs')
  const processes = new Processes(logFolder)
  const [pgPort = 0, redisPort = 0, chainPort = 0, ...ports] = await pickFreePorts(3 + APIS_MAX + WORKERS_MAX)
  const dataDir = join(folder, 'postgres')
  const chainDir = options.keepsChainState ? { dataDir: join(folder, 'chain') } : {}
  const [postgres, redis, chain] = await Promise.all([
    startPostgresServer(processes, { dataDir, port: pgPort }),
    startRedisNode(processes, { dataDir: join(folder, 'redis'), port: redisPort }),
    startChainNode(processes, {
      chainId: UTILITY_CHAIN_ID,
      port: chainPort,
      blockTimeSeconds,
      endpoints,
      minedByHand: options.minedByHand ?? false,
      ...chainDir,
    }),
  ])
  const keyEncryptionKey = randomBytes(32)
  await prepareChain({ postgres, chain, blockTimeSeconds, finalityDepth, lanes, keyEncryptionKey })

  const env = {
    NODE_ENV: 'test',
    ...COMPILE_CACHE,
    DATABASE_URL: postgres.urls.appUrl,
    REDIS_URL: redis.url,
    KEY_ENCRYPTION_KEY: keyEncryptionKey.toString('base64url'),
    OPERATOR_KEY,
    RATE_LIMIT_PER_MINUTE: '10000000',
    LOG_LEVEL: 'warn',
    WEBHOOK_ALLOW_HTTP: 'true',
    WEBHOOK_ALLOW_PRIVATE_NETWORKS: 'true',
    CHAINS: JSON.stringify(chainsOf(chain, blockTimeSeconds, finalityDepth, options.maxFeeGwei)),
    ...options.env,
  }
  const workerEnv = { ...env, LOG_LEVEL: 'info', DATABASE_WORKER_URL: postgres.urls.workerUrl }
  const apis = ports.slice(0, APIS_MAX).map((port, index) =>
    createApp(processes, {
      name: `api-${index + 1}`,
      main: 'api',
      port,
      ready: '/readyz?for=traffic',
      env: { ...env, API_PORT: `${port}` },
    }),
  )
  const workers = ports.slice(APIS_MAX).map((port, index) =>
    createApp(processes, {
      name: `worker-${index + 1}`,
      main: 'worker',
      port,
      ready: '/readyz?for=work',
      env: { ...workerEnv, WORKER_METRICS_PORT: `${port}` },
    }),
  )
  let fleet: Fleet = { apis: 0, workers: 0 }
  const clients: V3Client[] = []

  const bed: Bed = {
    postgres,
    redis,
    chain,
    blockTimeMs: blockTimeSeconds * 1_000,
    finalityDepth,
    logFolder,
    workerEnv: { ...workerEnv, WORKER_METRICS_PORT: '0' },
    get apis() {
      return apis.slice(0, fleet.apis)
    },
    get workers() {
      return workers.slice(0, fleet.workers)
    },
    async scale(wanted) {
      fleet = wanted
      const surplus = [...apis.slice(wanted.apis), ...workers.slice(wanted.workers)]
      await Promise.all(surplus.filter((app) => app.isRunning).map((app) => app.stop()))
      const missing = [...bed.apis, ...bed.workers].filter((app) => !app.isRunning)
      await Promise.all(missing.map((app) => app.start()))
    },
    async createTenant() {
      const [api] = bed.apis
      if (api === undefined) throw new Error('the fleet has no api')
      const operator = createV3Client({
        url: api.url,
        key: OPERATOR_KEY,
        connections: 8,
        patienceMs: PATIENCE_MS,
        patienceUnreachableMs: PATIENCE_MS,
      })
      clients.push(operator)
      const tenant = await operator.post<WireCreatedTenant>('/v3/tenants', {
        name: 'Acme Games',
        owner: { email: 'ada@example.com', name: 'Ada' },
      })
      return operator.with({ key: tenant.api_key.secret })
    },
    async close() {
      await Promise.allSettled(clients.map((client) => client.close()))
      // A stopped process hears nothing, not even SIGTERM.
      for (const app of [...apis, ...workers]) app.thaw()
      await postgres.close()
      await processes.stopAll()
      await chain.close()
      await removePostgres(dataDir)
      await rm(folder, { recursive: true, force: true })
    },
  }
  try {
    await bed.scale(options.fleet ?? { apis: 1, workers: 1 })
    return bed
  } catch (error) {
    await bed.close()
    throw error
  }
}

/** The row of the chain, the platform's contracts on it, and funded relayers. */
async function prepareChain(options: {
  postgres: PostgresServer
  chain: ChainNode
  blockTimeSeconds: number
  finalityDepth: number
  lanes: number
  keyEncryptionKey: Uint8Array
}): Promise<void> {
  const { postgres, chain, blockTimeSeconds, finalityDepth, lanes, keyEncryptionKey } = options
  const { chainId, nodeUrl: rpcUrl } = chain
  await postgres.sql(
    `INSERT INTO chain (id, role, name, block_time_ms, finality_depth) VALUES ($1, 'utility', 'utility', $2, $3)`,
    [chainId, blockTimeSeconds * 1_000, finalityDepth],
  )
  const onChain = {
    chainId,
    rpcUrl,
    deployerKey: LOCAL_DEPLOYER_KEY,
    databaseUrl: postgres.urls.ownerUrl,
  }
  await deployContracts(onChain)
  await provisionLanes({ ...onChain, lanes, keyEncryptionKey })
}

/** The value chain is named because every configuration has one; nothing asks it here. */
function chainsOf(
  chain: ChainNode,
  blockTimeSeconds: number,
  finalityDepth: number,
  maxFeeGwei: number | undefined,
): unknown[] {
  return (['value', 'utility'] as const).map((role) => ({
    id: role === 'utility' ? UTILITY_CHAIN_ID : VALUE_CHAIN_ID,
    role,
    name: role,
    rpc_urls: chain.proxies.map((proxy) => proxy.url),
    block_time_ms: blockTimeSeconds * 1_000,
    finality_depth: finalityDepth,
    ...(maxFeeGwei !== undefined && { max_fee_gwei: maxFeeGwei }),
  }))
}
