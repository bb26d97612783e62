import { randomUUID } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Client, escapeIdentifier } from 'pg'
import { type DatabaseUrls, ensureRoles, inDatabase } from '#scripts/database-roles.ts'
import { migrate } from '#scripts/migrate.ts'
import { type Anvil, startAnvil } from '#scripts/stack/anvil.ts'
import { isAlive } from '#scripts/stack/pid-file.ts'
import { pickFreePorts } from '#scripts/stack/ports.ts'
import { removePostgres, startPostgres } from '#scripts/stack/postgres.ts'
import { builtPrograms } from '#scripts/stack/programs.ts'
import { Processes, type RunningProcess } from '#scripts/stack/processes.ts'
import type { Progress } from '#scripts/stack/progress.ts'
import { startRedis } from '#scripts/stack/redis.ts'
import { foldersIn, LOCAL_DEPLOYER_KEY, ROOT } from '#scripts/stack/settings.ts'

/** The servers of one run, durable as in production, on ports and in folders of their own. */
export interface Bed {
  processes: Processes
  logDir: string
  postgres: RunningProcess
  redis: RunningProcess
  adminUrl: string
  /** An empty logical Redis database that nothing else of the run has. */
  nextRedisUrl(): string
  /** A migrated, empty database. */
  createDatabase(): Promise<DatabaseUrls & { adminUrl: string }>
  /** A chain of the settings that every row and every baseline shares. */
  startChain(name: string): Promise<ChainNode>
  /** CPU profiles of api and worker go there; undefined: none are taken. */
  profileDir: string | undefined
  stop(): Promise<void>
}

export interface ChainNode {
  name: string
  chainId: number
  rpcUrl: string
  deployerKey: string
  process: RunningProcess
}

export const BLOCK_TIME_SECONDS = 1
/** Where a run with --profile leaves what it found. */
export const PROFILE_DIR = join(ROOT, '.local/profiles')
/** Files of 16 MB, for 2 GB of log: as many as are written before the first checkpoint, which then goes round with them. */
const LOG_FILES = 128
const PASSWORD = 'bench'
const TEMPLATE = 'ost_bench'
const FOLDER_PREFIX = 'bench-'
const CHAIN_ID = 31_002
/** States that the chain keeps in memory: enough for reads at a block of a minute ago. */
const STATES_KEPT = 64

export async function startBed(options: { progress: Progress; isProfiling: boolean }): Promise<Bed> {
  await removeLeftovers()
  const folders = foldersIn(join('.local', `${FOLDER_PREFIX}${process.pid}`))
  const processes = new Processes(folders.logs)
  const stop = async () => {
    await processes.stopAll()
    await removePostgres(folders.postgres)
    await rm(folders.data, { recursive: true, force: true })
  }
  try {
    return { ...(await startServers(processes, folders, options)), processes, logDir: folders.logs, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startServers(
  processes: Processes,
  folders: ReturnType<typeof foldersIn>,
  { progress, isProfiling }: { progress: Progress; isProfiling: boolean },
): Promise<Omit<Bed, 'processes' | 'logDir' | 'stop'>> {
  const [postgresPort = 0, redisPort = 0] = await pickFreePorts(2)
  const postgresOptions = { dataDir: folders.postgres, port: postgresPort, password: PASSWORD }
  const postgres = await progress.step('PostgreSQL (fsync and synchronous_commit on)', async () => {
    const started = await startPostgres(processes, postgresOptions)
    if (!isProfiling) return started
    // Counting statements needs shared memory, so it is a setting of the server's start.
    await administer(started.adminUrl, `ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'`)
    await started.process.stop()
    return startPostgres(processes, postgresOptions)
  })
  const { adminUrl } = postgres
  await progress.step('programs built from the sources', async () => void (await builtPrograms()))
  await progress.step('log files, as a server has that has run for a while', () => makeLogFiles(adminUrl))
  const redis = await progress.step('Redis (append-only file, every second)', () =>
    startRedis(processes, { dataDir: folders.redis, serverDir: folders.redisServer, port: redisPort }),
  )
  await progress.step('roles and migrations', async () => {
    const template = urlsOf(adminUrl, TEMPLATE)
    await ensureRoles(adminUrl, template)
    await migrate(template.ownerUrl)
    if (isProfiling) {
      await administer(inDatabase(adminUrl, TEMPLATE), 'CREATE EXTENSION IF NOT EXISTS pg_stat_statements')
    }
  })
  let redisDatabases = 0
  return {
    postgres: postgres.process,
    redis: redis.process,
    adminUrl,
    profileDir: isProfiling ? PROFILE_DIR : undefined,

    nextRedisUrl() {
      redisDatabases += 1
      return `${redis.url}/${redisDatabases}`
    },

    async createDatabase() {
      const name = `bench_${randomUUID().replaceAll('-', '')}`
      await administer(
        adminUrl,
        `CREATE DATABASE ${name} TEMPLATE ${TEMPLATE} OWNER ${escapeIdentifier('ost_owner')}`,
      )
      return { ...urlsOf(adminUrl, name), adminUrl: inDatabase(adminUrl, name) }
    },

    async startChain(name) {
      const [port = 0] = await pickFreePorts(1)
      const anvil: Anvil = await startAnvil(processes, {
        name,
        chainId: CHAIN_ID,
        port,
        blockTimeSeconds: BLOCK_TIME_SECONDS,
        statesKept: STATES_KEPT,
      })
      return {
        name,
        chainId: CHAIN_ID,
        rpcUrl: anvil.rpcUrl,
        deployerKey: LOCAL_DEPLOYER_KEY,
        process: anvil.process,
      }
    },
  }
}

/** A run that was killed ended its servers, through their watchdog, but could not remove its folder. */
async function removeLeftovers(): Promise<void> {
  const local = join(ROOT, '.local')
  for (const name of await readdir(local).catch(() => [])) {
    const pid = Number(name.startsWith(FOLDER_PREFIX) ? name.slice(FOLDER_PREFIX.length) : Number.NaN)
    if (!(pid > 0) || isAlive(pid)) continue
    await removePostgres(join(local, name, 'postgres'))
    await rm(join(local, name), { recursive: true, force: true })
  }
}

function urlsOf(adminUrl: string, database: string): DatabaseUrls {
  const url = (role: string) => {
    const target = new URL(inDatabase(adminUrl, database))
    target.username = role
    target.password = PASSWORD
    return target.href
  }
  return { ownerUrl: url('ost_owner'), appUrl: url('ost_app'), workerUrl: url('ost_worker') }
}

/**
 * A new server makes each file of its log when it comes to it: zeros for a whole file, while every commit waits for 50 to 100 ms. One that
 * has run for a while takes those that it needs no more, and that is the one to measure.
 */
async function makeLogFiles(adminUrl: string): Promise<void> {
  await administer(adminUrl, `ALTER SYSTEM SET min_wal_size = '2GB'`)
  await administer(adminUrl, 'SELECT pg_reload_conf()')
  await administer(
    adminUrl,
    `SELECT pg_logical_emit_message(false, 'bench', ''), pg_switch_wal() FROM generate_series(1, ${LOG_FILES})`,
  )
  await administer(adminUrl, 'CHECKPOINT')
}

async function administer(adminUrl: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: adminUrl })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
