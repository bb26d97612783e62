import { Client } from 'pg'
import { type DatabaseUrls, inDatabase } from '../database-roles.ts'
import { startAnvil } from './anvil.ts'
import { keepRunning } from './keep-running.ts'
import { requireFreePort } from './ports.ts'
import { startPostgres } from './postgres.ts'
import type { Processes } from './processes.ts'
import type { Progress } from './progress.ts'
import { startRedis } from './redis.ts'
import { type Folders, LOCAL_DEPLOYER_KEY, localPort, type Secrets, type Settings } from './settings.ts'

export type StackContext = {
  settings: Settings
  folders: Folders
  secrets: Secrets
  processes: Processes
  progress: Progress
}

export type DatabaseAccess = DatabaseUrls & { adminUrl?: string }

const DATABASE = 'ost_kit'
const LOCAL_BLOCK_TIME_SECONDS = 1
const LOCAL_FINALITY_DEPTH = 3
const LOCAL_MAX_FEE_GWEI = 100

/** The database of DATABASE_URL and its sisters, else the embedded one. */
export async function provideDatabase(context: StackContext): Promise<DatabaseAccess> {
  const { settings, folders, secrets, processes, progress } = context
  const external = await externalDatabase(settings, secrets)
  if (external !== undefined) return external
  const port = localPort(settings, 'LOCAL_POSTGRES_PORT')
  return progress.step('PostgreSQL', async (note) => {
    await requireFreePort(port, 'PostgreSQL', 'LOCAL_POSTGRES_PORT')
    let adminUrl = ''
    await keepRunning(processes, progress.line, async () => {
      const server = await startPostgres(processes, {
        dataDir: folders.postgres,
        port,
        password: secrets.postgresPassword,
      })
      adminUrl = server.adminUrl
      return server.process
    })
    note(`port ${port}`)
    return { adminUrl, ...urlsWith(adminUrl, DATABASE, secrets) }
  })
}

async function externalDatabase(settings: Settings, secrets: Secrets): Promise<DatabaseAccess | undefined> {
  const {
    DATABASE_URL: appUrl,
    DATABASE_WORKER_URL: workerUrl,
    DATABASE_OWNER_URL: ownerUrl,
    DATABASE_ADMIN_URL: adminUrl,
  } = settings
  if (appUrl && workerUrl && ownerUrl) return { ownerUrl, appUrl, workerUrl, ...(adminUrl && { adminUrl }) }
  if (adminUrl && !appUrl) return { adminUrl, ...urlsWith(adminUrl, DATABASE, secrets) }
  if (!appUrl) return undefined
  // One URL of a server's administrator is enough: it makes the roles that the processes then use.
  if (await mayCreateRoles(appUrl)) {
    const database = decodeURIComponent(new URL(appUrl).pathname.slice(1)) || DATABASE
    return { adminUrl: appUrl, ...urlsWith(appUrl, database, secrets) }
  }
  throw new Error(
    'DATABASE_URL is set to a role that may not create others: set DATABASE_WORKER_URL and DATABASE_OWNER_URL too, or DATABASE_ADMIN_URL to one that may.',
  )
}

async function mayCreateRoles(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  try {
    await client.connect()
    const { rowCount } = await client.query(
      'SELECT FROM pg_roles WHERE rolname = current_user AND (rolsuper OR (rolcreaterole AND rolcreatedb))',
    )
    return rowCount === 1
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(
      `The server of DATABASE_URL does not let us in (${reason}): correct the URL or start it.`,
      {
        cause,
      },
    )
  } finally {
    await client.end().catch(() => undefined)
  }
}

function urlsWith(adminUrl: string, database: string, secrets: Secrets): DatabaseUrls {
  const url = (role: string, password: string) => {
    const target = new URL(inDatabase(adminUrl, database))
    target.username = role
    target.password = password
    return target.href
  }
  return {
    ownerUrl: url('ost_owner', secrets.ownerPassword),
    appUrl: url('ost_app', secrets.appPassword),
    workerUrl: url('ost_worker', secrets.workerPassword),
  }
}

/** The server of REDIS_URL, else one on this machine. */
export async function provideRedis(context: StackContext): Promise<string> {
  const { settings, folders, processes, progress } = context
  if (settings['REDIS_URL']) return settings['REDIS_URL']
  const port = localPort(settings, 'LOCAL_REDIS_PORT')
  return progress.step('Redis', async (note) => {
    await requireFreePort(port, 'Redis', 'LOCAL_REDIS_PORT')
    let url = ''
    await keepRunning(processes, progress.line, async () => {
      const redis = await startRedis(processes, {
        dataDir: folders.redis,
        serverDir: folders.redisServer,
        port,
      })
      note(`port ${port}, ${redis.server.origin}`)
      url = redis.url
      return redis.process
    })
    return url
  })
}

/** CHAINS as it is set, else two development chains. */
export async function provideChains(context: StackContext): Promise<string> {
  const { settings, folders, processes, progress } = context
  if (settings['CHAINS']) return settings['CHAINS']
  const locals = [
    { role: 'value', id: 31_001, variable: 'LOCAL_VALUE_CHAIN_PORT', dataDir: folders.valueChain },
    { role: 'utility', id: 31_002, variable: 'LOCAL_UTILITY_CHAIN_PORT', dataDir: folders.utilityChain },
  ] as const
  return progress.step('value chain and utility chain', async (note) => {
    const chains = await Promise.all(
      locals.map(async ({ role, id, variable, dataDir }) => {
        const port = localPort(settings, variable)
        const name = `${role}-chain`
        await requireFreePort(port, `the ${role} chain`, variable)
        await keepRunning(processes, progress.line, async () => {
          const chain = await startAnvil(processes, {
            name,
            chainId: id,
            port,
            blockTimeSeconds: LOCAL_BLOCK_TIME_SECONDS,
            dataDir,
          })
          return chain.process
        })
        return {
          id,
          role,
          name: `Local ${role} chain`,
          rpc_urls: [`http://127.0.0.1:${port}`],
          block_time_ms: LOCAL_BLOCK_TIME_SECONDS * 1000,
          finality_depth: LOCAL_FINALITY_DEPTH,
          max_fee_gwei: LOCAL_MAX_FEE_GWEI,
          deployer_key: LOCAL_DEPLOYER_KEY,
        }
      }),
    )
    note(`ports ${chains.map((chain) => new URL(chain.rpc_urls[0] ?? '').port).join(' and ')}`)
    return JSON.stringify(chains)
  })
}
