import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import { createV3Client, type V3Client } from '#apps/cli/v3-client.ts'
import type { WireCreatedTenant } from '#apps/cli/wire.ts'
import { type ChainReader, createChainReader } from '#scripts/simulate/chain-reader.ts'
import { appCommand, COMPILE_CACHE } from '#scripts/stack/app-command.ts'
import { pickFreePorts } from '#scripts/stack/ports.ts'
import { type Exit, Processes, type RunningProcess } from '#scripts/stack/processes.ts'
import { ROOT } from '#scripts/stack/settings.ts'
import { startBed } from '#test/support/bed.ts'
import type { TestAnvil } from '#test/support/stack.ts'
import type { RedisServer } from '#test/worker/redis-server.ts'

export const OPERATOR_KEY = 'operator-key-of-the-end-to-end-tests-0123456789'
const UTILITY_CHAIN_ID = 31_002
/** A client waits this long for a process that was killed and comes back. */
const PATIENCE_MS = 60_000

/** One of our processes, as an operator runs it: the same settings and the same port at every start. */
export interface App {
  readonly url: string
  start(): Promise<void>
  /** Asks it to stop and tells how it ended. */
  stop(): Promise<Exit>
  /** SIGKILL: it gets no chance to tidy up. */
  kill(): Promise<void>
}

/** The whole platform in processes of its own, wired as `scripts/start.ts` does it, on a chain that tests may bend. */
export interface Platform {
  api: App
  worker: App
  redis: RedisServer
  anvil: TestAnvil
  /** Only of a pair. */
  valueAnvil: TestAnvil | null
  chain: ChainReader
  chainId: number
  /** Everything that the processes have written. */
  logs(): Promise<string>
  /** Rows as the schema's owner sees them. */
  sql<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>
  /** A further API process beside the first. */
  addApi(): Promise<App>
  /** Speaks as the operator who creates tenants. */
  createTenant(): Promise<V3Client>
  /** A client of another process or another key; it repeats what got no answer. */
  clientOf(app: App, key?: string): V3Client
  close(): Promise<void>
}

export interface PlatformOptions {
  blockTimeSeconds: number
  finalityDepth: number
  /** With a value chain and gateways. */
  isPair?: boolean
  /** Further settings of api and worker. */
  env?: Record<string, string>
}

export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const [bed, logs] = await Promise.all([
    startBed({ chainId: UTILITY_CHAIN_ID, ...options }),
    mkdtemp(join(tmpdir(), 'ost-e2e-')),
  ])
  const { redis, anvil, valueAnvil, owner } = bed
  const processes = new Processes(logs)
  const env = {
    ...bed.env,
    ...COMPILE_CACHE,
    NODE_ENV: 'test',
    OPERATOR_KEY,
    RATE_LIMIT_PER_MINUTE: '1000000',
    ...options.env,
  }
  const [apiPort = 0, workerPort = 0, secondPort = 0] = await pickFreePorts(3)
  const newApi = (name: string, port: number) =>
    appOf(processes, {
      name,
      main: 'api',
      port,
      ready: '/readyz?for=traffic',
      env: { ...env, API_PORT: `${port}` },
    })
  const api = newApi('api', apiPort)
  const worker = appOf(processes, {
    name: 'worker',
    main: 'worker',
    port: workerPort,
    ready: '/readyz?for=work',
    env: { ...env, WORKER_METRICS_PORT: `${workerPort}` },
  })
  await Promise.all([api.start(), worker.start()])

  const clients: V3Client[] = []
  const clientOf = (app: App, key?: string): V3Client => {
    const client = createV3Client({
      url: app.url,
      ...(key !== undefined && { key }),
      connections: 16,
      patienceMs: PATIENCE_MS,
      patienceUnreachableMs: PATIENCE_MS,
    })
    clients.push(client)
    return client
  }

  return {
    api,
    worker,
    redis,
    anvil,
    valueAnvil,
    chain: createChainReader(anvil.rpcUrl),
    chainId: UTILITY_CHAIN_ID,
    clientOf,
    async logs() {
      const files = await readdir(logs)
      return (await Promise.all(files.map((file) => readFile(join(logs, file), 'utf8')))).join('')
    },
    sql: async <Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
      (await owner.query<Row>(text, values)).rows,

    async addApi() {
      const second = newApi('second-api', secondPort)
      await second.start()
      return second
    },

    async createTenant() {
      const operator = clientOf(api, OPERATOR_KEY)
      const tenant = await operator.post<WireCreatedTenant>('/v3/tenants', {
        name: 'Acme Games',
        owner: { email: 'ada@example.com', name: 'Ada' },
      })
      return operator.with({ key: tenant.api_key.secret })
    },

    async close() {
      await Promise.allSettled(clients.map((client) => client.close()))
      await processes.stopAll()
      await bed.close()
      await rm(logs, { recursive: true, force: true })
    },
  }
}

/** An API or a worker in a process of its own. */
export function appOf(
  processes: Processes,
  spec: { name: string; main: 'api' | 'worker'; port: number; ready: string; env: Record<string, string> },
): App {
  const { name, main, port, ready, env } = spec
  const url = `http://127.0.0.1:${port}`
  let running: RunningProcess | undefined
  const current = (): RunningProcess => {
    if (running === undefined) throw new Error(`${name} was not started`)
    return running
  }
  return {
    url,
    async start() {
      running = await processes.start({
        name,
        ...(await appCommand(main)),
        env,
        cwd: ROOT,
        isReady: async () => (await fetch(`${url}${ready}`, { signal: AbortSignal.timeout(2_000) })).ok,
        readyTimeoutMs: 60_000,
      })
    },
    async stop() {
      await current().stop()
      return current().exited
    },
    async kill() {
      process.kill(current().pid, 'SIGKILL')
      await current().exited
    },
  }
}
