/** `npm start`: the whole platform on this machine, with every part that is not given to it embedded. */
import { Client } from 'pg'
import { type ChainConfig, type Config, loadWorkerConfig, type WorkerConfig } from '#config'
import { ensureRoles } from './database-roles.ts'
import { deployContracts } from './deploy-contracts.ts'
import { migrate } from './migrate.ts'
import { provisionLanes } from './provision-lanes.ts'
import { DEMO_STAKE, seedBacked } from './seed-backed.ts'
import { type Demo, seedDemo } from './seed-demo.ts'
import { setUpPair } from './set-up-pair.ts'
import { appCommand, COMPILE_CACHE } from './stack/app-command.ts'
import { keepRunning } from './stack/keep-running.ts'
import { claim } from './stack/pid-file.ts'
import { requireFreePort } from './stack/ports.ts'
import { Processes } from './stack/processes.ts'
import { createProgress } from './stack/progress.ts'
import { builtPrograms } from './stack/programs.ts'
import {
  type DatabaseAccess,
  provideChains,
  provideDatabase,
  provideRedis,
  type StackContext,
} from './stack/servers.ts'
import { ensureSecrets, foldersIn, ROOT, readPrivate, readSettings, writePrivate } from './stack/settings.ts'
import { onStopRequest } from './stack/stop-request.ts'

const APP_READY_TIMEOUT_MS = 60_000

const startedAt = performance.now()
const progress = createProgress()
const settings = await readSettings()
const folders = foldersIn(settings['LOCAL_DATA_DIR'] ?? '.local')
const processes = new Processes(folders.logs)
let release: (() => Promise<void>) | undefined

onStopRequest(stop)

try {
  release = await claim(folders.pidFile)
  await start()
} catch (error) {
  if (!processes.isStopping) {
    progress.line(error instanceof Error ? error.message : String(error))
    await stop(1)
  }
}

async function start(): Promise<void> {
  const secrets = await progress.step('settings and secrets', () => ensureSecrets(folders.secretsFile))
  const context: StackContext = { settings, folders, secrets, processes, progress }
  const database = await provideDatabase(context)
  const redisUrl = await provideRedis(context)
  const chains = await provideChains(context)
  const env = {
    OPEN_SIGN_UP: 'true',
    WEBHOOK_ALLOW_HTTP: 'true',
    WEBHOOK_ALLOW_PRIVATE_NETWORKS: 'true',
    KEY_ENCRYPTION_KEY: secrets.keyEncryptionKey,
    OPERATOR_KEY: secrets.operatorKey,
    ...settings,
    DATABASE_URL: database.appUrl,
    DATABASE_WORKER_URL: database.workerUrl,
    DATABASE_OWNER_URL: undefined,
    DATABASE_ADMIN_URL: undefined,
    REDIS_URL: redisUrl,
    CHAINS: chains,
  }
  const config = loadWorkerConfig(env)
  await prepareDatabase(database, config.chains)
  await deploy(config, database.ownerUrl)
  // Beside the rest: a demo needs no gateway, and blocks take their time.
  const gateways = setUpGateways(config, database.ownerUrl)
  gateways.catch(() => undefined)
  await startApps(config, env)
  const demo = await seed(config)
  await progress.step('gateways between the chains', async () => gateways)
  printSummary(config, demo)
  await backDemo(config, demo)
}

async function prepareDatabase(database: DatabaseAccess, chains: readonly ChainConfig[]): Promise<void> {
  await progress.step('database roles and migrations', async (note) => {
    if (database.adminUrl !== undefined) await ensureRoles(database.adminUrl, database)
    const applied = await migrate(database.ownerUrl)
    note(applied.length === 0 ? 'up to date' : `${applied.length} applied`)
    await registerChains(database.ownerUrl, chains)
  })
}

/** The chains of the settings, as rows that economies and lanes can refer to. */
async function registerChains(ownerUrl: string, chains: readonly ChainConfig[]): Promise<void> {
  const client = new Client({ connectionString: ownerUrl })
  await client.connect()
  try {
    for (const chain of chains) {
      await client.query(
        `INSERT INTO chain (id, role, name, block_time_ms, finality_depth) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name, block_time_ms = EXCLUDED.block_time_ms,
           finality_depth = EXCLUDED.finality_depth`,
        [chain.id, chain.role, chain.name, chain.blockTimeMs, chain.finalityDepth],
      )
    }
  } finally {
    await client.end()
  }
}

async function deploy({ chains, keys, worker }: WorkerConfig, databaseUrl: string): Promise<void> {
  await progress.step('contracts and relayer lanes', async (note) => {
    for (const { id: chainId, role, rpcUrls, deployerKey } of chains) {
      const [rpcUrl] = rpcUrls
      if (role !== 'utility' || rpcUrl === undefined || deployerKey === undefined) continue
      const onChain = { rpcUrl, deployerKey, chainId, databaseUrl }
      await deployContracts(onChain)
      const lanes = await provisionLanes({
        ...onChain,
        lanes: worker.relayerLanes,
        keyEncryptionKey: keys.keyEncryptionKey,
      })
      note(`${lanes.length} lanes on chain ${chainId}`)
    }
  })
}

/** What production economies are backed by. Nothing where the chains are not ours to deploy on. */
async function setUpGateways({ chains, keys }: WorkerConfig, databaseUrl: string): Promise<void> {
  const pair = ownPair(chains)
  if (!pair) return
  const { keyEncryptionKey } = keys
  await setUpPair({ ...pair, databaseUrl, keyEncryptionKey })
}

/** The value chain and its utility chain where one key owns both ends: then they are ours to deploy on. */
function ownPair(chains: readonly ChainConfig[]) {
  const endOf = (role: ChainConfig['role']) => {
    const chain = chains.find((one) => one.role === role)
    const [rpcUrl] = chain?.rpcUrls ?? []
    return chain && rpcUrl ? { chainId: chain.id, rpcUrl, deployerKey: chain.deployerKey } : null
  }
  const [value, utility] = [endOf('value'), endOf('utility')]
  if (!value?.deployerKey || value.deployerKey !== utility?.deployerKey) return null
  const { deployerKey } = value
  return {
    value: { chainId: value.chainId, rpcUrl: value.rpcUrl },
    utility: { chainId: utility.chainId, rpcUrl: utility.rpcUrl },
    deployerKey,
  }
}

type AppEnvironment = Readonly<Record<string, string | undefined>>

async function startApps(config: Config, env: AppEnvironment): Promise<void> {
  const { api, worker } = config
  await progress.step('programs built from the sources', async () => void (await builtPrograms()))
  await progress.step('api', async (note) => {
    await requireFreePort(api.port, 'the API', 'API_PORT')
    await startApp(
      'api',
      { ...env, DATABASE_WORKER_URL: undefined },
      `http://127.0.0.1:${api.port}/readyz?for=traffic`,
    )
    note(`port ${api.port}`)
  })
  await progress.step('worker', async (note) => {
    await requireFreePort(worker.metricsPort, "the worker's metrics", 'WORKER_METRICS_PORT')
    await startApp('worker', env, `http://127.0.0.1:${worker.metricsPort}/readyz?for=work`)
    note(`port ${worker.metricsPort}`)
  })
}

async function startApp(name: 'api' | 'worker', env: AppEnvironment, readyUrl: string): Promise<void> {
  const command = await appCommand(name)
  return keepRunning(processes, progress.line, () =>
    processes.start({
      name,
      ...command,
      env: { ...COMPILE_CACHE, ...env },
      cwd: ROOT,
      isReady: async () => (await fetch(readyUrl, { signal: AbortSignal.timeout(2_000) })).ok,
      readyTimeoutMs: APP_READY_TIMEOUT_MS,
    }),
  )
}

async function seed(config: Config): Promise<Demo> {
  const rpcUrlOf = (role: string) => config.chains.find((chain) => chain.role === role)?.rpcUrls[0]
  const valueRpcUrl = rpcUrlOf('value')
  const utilityRpcUrl = rpcUrlOf('utility')
  return progress.step('demo economy', async (note) =>
    seedDemo({
      apiUrl: config.api.publicUrl,
      operatorKey: config.keys.operatorKey,
      known: await readPrivate(folders.demoFile),
      save: (demo) => writePrivate(folders.demoFile, demo),
      note,
      ...(valueRpcUrl !== undefined && { valueRpcUrl }),
      ...(utilityRpcUrl !== undefined && { utilityRpcUrl }),
    }),
  )
}

/** After everything is ready, since a stake takes as long as two chains take to be final four times. A failure stops nothing. */
async function backDemo({ chains, api }: Config, demo: Demo): Promise<void> {
  const pair = ownPair(chains)
  if (!pair) return
  try {
    const backed = await seedBacked({
      apiUrl: api.publicUrl,
      tenantKey: demo.tenant_key,
      ...(demo.backed && { known: demo.backed }),
      value: pair.value,
      stakerKey: pair.deployerKey,
    })
    await writePrivate(folders.demoFile, { ...demo, backed })
    progress.line(
      `ROAST is backed by a stake of ${DEMO_STAKE} OST: curl ${api.publicUrl}/v3/token/backing -H 'Authorization: Bearer ${backed.api_key}'\n`,
    )
  } catch (error) {
    if (processes.isStopping) return
    const reason = error instanceof Error ? error.message : String(error)
    progress.line(`The backed demo economy is not there yet: ${reason} The next npm start goes on with it.`)
  }
}

function printSummary({ api, chains }: Config, demo: Demo): void {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  const lines = [
    '',
    `OST KIT runs, after ${seconds} s. Ctrl-C stops it; everything stays in ${folders.data}.`,
    '',
    `  API          ${api.publicUrl}/v3`,
    `  Reference    ${api.publicUrl}/docs`,
    `  GraphQL      ${api.publicUrl}/graphiql`,
    ...chains.map((chain) => `  ${`Chain ${chain.id}`.padEnd(12)} ${chain.rpcUrls[0]}  ${chain.name}`),
    `  Logs         ${folders.logs}`,
    `  Operator key in ${folders.secretsFile}`,
    `  Demo key     ${demo.api_key}  (also in ${folders.demoFile})`,
    '',
    'A first transaction:',
    '',
    demo.curl,
  ]
  progress.line(`${lines.join('\n')}\n`)
}

async function stop(exitCode: number): Promise<void> {
  if (exitCode === 0) progress.line('\nStopping …')
  await processes.stopAll()
  await release?.()
  if (exitCode === 0) progress.line('Stopped. Nothing is lost: npm start continues where this ended.')
  process.exit(exitCode)
}
