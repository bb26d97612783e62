import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ChainConfig } from '#config'
import { type DatabaseUrls, ensureRoles } from './database-roles.ts'
import { generatePrisma } from './generate-prisma.ts'
import { migrate } from './migrate.ts'
import { startAnvil } from './stack/anvil.ts'
import { pickFreePorts } from './stack/ports.ts'
import { removePostgres, startPostgres } from './stack/postgres.ts'
import { Processes } from './stack/processes.ts'
import { type Progress, silentProgress } from './stack/progress.ts'
import { startRedis } from './stack/redis.ts'
import { isAlive } from './stack/pid-file.ts'
import { foldersIn, LOCAL_DEPLOYER_KEY, ROOT } from './stack/settings.ts'

/** Real components for one test run, on ports of their own, so that it disturbs no running `npm start`. */
export type TestStack = {
  /** Creates databases. */
  adminUrl: string
  /** A migrated database nobody connects to: the template of every test's own. */
  template: DatabaseUrls
  redisUrl: string
  chains: ChainConfig[]
}

export const TEMPLATE_DATABASE = 'ost_template'

const PASSWORD = 'test'
const FOLDER_PREFIX = 'test-'

/** What a stack started elsewhere is handed over by. */
export function environmentOf(stack: TestStack): Record<string, string> {
  return {
    TEST_DATABASE_ADMIN_URL: stack.adminUrl,
    TEST_REDIS_URL: stack.redisUrl,
    TEST_CHAINS: JSON.stringify(stack.chains),
  }
}

export function stackFromEnvironment(
  env: Readonly<Record<string, string | undefined>>,
): TestStack | undefined {
  const { TEST_DATABASE_ADMIN_URL: adminUrl, TEST_REDIS_URL: redisUrl, TEST_CHAINS: chains } = env
  if (!adminUrl || !redisUrl || !chains) return undefined
  // Written by environmentOf above.
  return { adminUrl, template: urlsOf(adminUrl), redisUrl, chains: JSON.parse(chains) as ChainConfig[] }
}

export async function startTestStack(
  progress: Progress = silentProgress,
): Promise<{ stack: TestStack; stop: () => Promise<void> }> {
  await removeLeftovers()
  const folders = foldersIn(join('.local', `${FOLDER_PREFIX}${process.pid}`))
  const processes = new Processes(folders.logs)
  const stop = async () => {
    await processes.stopAll()
    await removePostgres(folders.postgres)
    await rm(folders.data, { recursive: true, force: true })
  }
  try {
    return { stack: await startParts(processes, folders, progress), stop }
  } catch (error) {
    await stop()
    throw error
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

async function startParts(
  processes: Processes,
  folders: ReturnType<typeof foldersIn>,
  progress: Progress,
): Promise<TestStack> {
  await progress.step('Prisma client', generatePrisma)
  const [postgresPort = 0, redisPort = 0, valuePort = 0, utilityPort = 0] = await pickFreePorts(4)
  const { adminUrl } = await progress.step('PostgreSQL', () =>
    startPostgres(processes, {
      dataDir: folders.postgres,
      port: postgresPort,
      password: PASSWORD,
      isDurable: false,
    }),
  )
  const { url: redisUrl } = await progress.step('Redis', () =>
    startRedis(processes, {
      dataDir: folders.redis,
      serverDir: folders.redisServer,
      port: redisPort,
      isDurable: false,
    }),
  )
  const chains = await progress.step('two chains', () =>
    Promise.all([
      startChain(processes, 'value', 31_001, valuePort),
      startChain(processes, 'utility', 31_002, utilityPort),
    ]),
  )
  const template = urlsOf(adminUrl)
  await progress.step('roles and migrations', async () => {
    await ensureRoles(adminUrl, template)
    await migrate(template.ownerUrl)
  })
  return { adminUrl, template, redisUrl, chains }
}

async function startChain(
  processes: Processes,
  role: 'value' | 'utility',
  chainId: number,
  port: number,
): Promise<ChainConfig> {
  const name = `${role}-chain`
  const { rpcUrl } = await startAnvil(processes, { name, chainId, port, blockTimeSeconds: 1 })
  return {
    id: chainId,
    role,
    name: `Test ${role} chain`,
    rpcUrls: [rpcUrl],
    blockTimeMs: 1_000,
    finalityDepth: 3,
    deployerKey: LOCAL_DEPLOYER_KEY,
  }
}

function urlsOf(adminUrl: string): DatabaseUrls {
  const url = (role: string) => {
    const target = new URL(adminUrl)
    target.username = role
    target.password = PASSWORD
    target.pathname = `/${TEMPLATE_DATABASE}`
    return target.href
  }
  return { ownerUrl: url('ost_owner'), appUrl: url('ost_app'), workerUrl: url('ost_worker') }
}
