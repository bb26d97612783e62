import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { join } from 'node:path'
import type { DatabaseUrls } from '#scripts/database-roles.ts'
import { deployContracts } from '#scripts/deploy-contracts.ts'
import { provisionLanes } from '#scripts/provision-lanes.ts'
import { appCommand } from '#scripts/stack/app-command.ts'
import { pickFreePorts } from '#scripts/stack/ports.ts'
import type { RunningProcess } from '#scripts/stack/processes.ts'
import { ROOT } from '#scripts/stack/settings.ts'
import { type Bed, BLOCK_TIME_SECONDS, type ChainNode } from './bed.ts'

/** One of our processes as an operator runs it, with the same settings at every start. */
export interface App {
  readonly name: string
  readonly url: string
  /** Undefined while it does not run. */
  readonly pid: number | undefined
  start(): Promise<void>
  /** Nothing happens where it does not run. */
  stop(): Promise<void>
}

/** A database, a chain and the processes on them. */
export interface Platform {
  name: string
  bed: Bed
  database: DatabaseUrls & { adminUrl: string }
  redisUrl: string
  /** Undefined where the api is measured alone. */
  chain: ChainNode | undefined
  keyEncryptionKey: Uint8Array
  api: App
  worker: App
  /** A further process beside the first. */
  addApp(main: 'api' | 'worker', name: string): Promise<App>
  /** Rows as the schema's owner sees them. */
  sql<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>
  close(): Promise<void>
}

export const OPERATOR_KEY = 'operator-key-of-the-benchmark-0123456789'
const FINALITY_DEPTH = 3
/** No limit that a benchmark would meet. */
const RATE_LIMIT_PER_MINUTE = '10000000'
/** A port where nothing answers: the api never asks a chain. */
const NOWHERE = 'http://127.0.0.1:9'

/** Makes a platform; nothing runs until `api.start()` and `worker.start()`. */
export async function createPlatform(
  bed: Bed,
  options: { name: string; chain?: ChainNode; lanes?: number; env?: Readonly<Record<string, string>> },
): Promise<Platform> {
  const { name, chain, lanes = 4 } = options
  const database = await bed.createDatabase()
  const redisUrl = bed.nextRedisUrl()
  const keyEncryptionKey = randomBytes(32)
  const owner = new pg.Pool({ connectionString: database.ownerUrl, max: 3 })
  owner.on('error', () => undefined)
  if (chain) await prepareChain({ owner, databaseUrl: database.ownerUrl, chain, lanes, keyEncryptionKey })

  const env = {
    NODE_ENV: 'production',
    LOG_LEVEL: 'info',
    DATABASE_URL: database.appUrl,
    REDIS_URL: redisUrl,
    KEY_ENCRYPTION_KEY: Buffer.from(keyEncryptionKey).toString('base64url'),
    OPERATOR_KEY,
    RATE_LIMIT_PER_MINUTE,
    RELAYER_LANES: String(lanes),
    // The sink of the webhooks row is on this machine.
    WEBHOOK_ALLOW_HTTP: 'true',
    WEBHOOK_ALLOW_PRIVATE_NETWORKS: 'true',
    CHAINS: JSON.stringify(chainsAt(chain?.rpcUrl ?? NOWHERE, chain?.chainId ?? 31_002)),
    ...options.env,
  }
  const addApp = async (main: 'api' | 'worker', appName: string): Promise<App> => {
    const [port = 0] = await pickFreePorts(1)
    const own =
      main === 'api'
        ? { API_PORT: `${port}` }
        : { DATABASE_WORKER_URL: database.workerUrl, WORKER_METRICS_PORT: `${port}` }
    return createApp(bed, { name: `${name}-${appName}`, main, port, env: { ...env, ...own } })
  }
  return {
    name,
    bed,
    database,
    redisUrl,
    chain,
    keyEncryptionKey,
    api: await addApp('api', 'api'),
    worker: await addApp('worker', 'worker'),
    addApp,
    sql: async <Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
      (await owner.query<Row>(text, values)).rows,
    close: () => owner.end(),
  }
}

async function prepareChain(options: {
  owner: pg.Pool
  databaseUrl: string
  chain: ChainNode
  lanes: number
  keyEncryptionKey: Uint8Array
}): Promise<void> {
  const { owner, databaseUrl, chain, lanes, keyEncryptionKey } = options
  await owner.query(
    `INSERT INTO chain (id, role, name, block_time_ms, finality_depth) VALUES ($1, 'utility', 'utility', $2, $3)`,
    [chain.chainId, BLOCK_TIME_SECONDS * 1_000, FINALITY_DEPTH],
  )
  const { rpcUrl, deployerKey, chainId } = chain
  const onChain = { rpcUrl, deployerKey, chainId, databaseUrl }
  await deployContracts(onChain)
  await provisionLanes({ ...onChain, lanes, keyEncryptionKey })
}

/** The value chain is named because every configuration has one; nothing asks it here. */
function chainsAt(rpcUrl: string, utilityId: number): unknown[] {
  return (['value', 'utility'] as const).map((role) => ({
    id: role === 'utility' ? utilityId : 31_001,
    role,
    name: role,
    rpc_urls: [rpcUrl],
    block_time_ms: BLOCK_TIME_SECONDS * 1_000,
    finality_depth: FINALITY_DEPTH,
  }))
}

function createApp(
  bed: Bed,
  spec: { name: string; main: 'api' | 'worker'; port: number; env: Record<string, string> },
): App {
  const { name, main, port, env } = spec
  const url = `http://127.0.0.1:${port}`
  const profile =
    bed.profileDir === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${join(bed.profileDir, name)}`]
  let running: RunningProcess | undefined
  return {
    name,
    url,
    get pid() {
      return running?.pid
    },
    async start() {
      running = await bed.processes.start({
        name,
        ...(await appCommand(main, profile)),
        env,
        cwd: ROOT,
        isReady: async () => {
          const ready = main === 'api' ? '/readyz?for=traffic' : '/readyz'
          return (await fetch(`${url}${ready}`, { signal: AbortSignal.timeout(2_000) })).ok
        },
        readyTimeoutMs: 60_000,
      })
    },
    async stop() {
      await running?.stop()
      running = undefined
    },
  }
}
