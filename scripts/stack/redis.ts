import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { exists } from './exists.ts'
import type { Processes, RunningProcess } from './processes.ts'

export type RedisOptions = {
  dataDir: string
  /** Where a server fetched from the distribution's packages is kept. */
  serverDir: string
  port: number
  /** false keeps nothing on disk: for data that a test throws away. */
  isDurable?: boolean
}

/** A server program and the environment it needs to find its libraries. */
export type RedisServer = { command: string; env: Readonly<Record<string, string>>; origin: string }

export type RunningRedis = { url: string; server: RedisServer; process: RunningProcess }

export class RedisMissing extends Error {
  override readonly name = 'RedisMissing'
}

const run = promisify(execFile)
/** Either speaks the same protocol; Debian and Ubuntu have one or both. */
const SERVERS = ['redis-server', 'valkey-server']
const APT_TIMEOUT_MS = 180_000
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024
const ADVICE = 'install redis-server or valkey-server, or set REDIS_URL to a server that runs'

export async function startRedis(processes: Processes, options: RedisOptions): Promise<RunningRedis> {
  const { dataDir, serverDir, port, isDurable = true } = options
  const server = await findRedis(serverDir)
  await mkdir(dataDir, { recursive: true })
  const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dataDir, '--daemonize', 'no']
  const memory = ['--maxmemory-policy', 'noeviction', '--databases', '64']
  const durability = isDurable
    ? ['--appendonly', 'yes', '--appendfsync', 'everysec']
    : ['--appendonly', 'no', '--save', '']
  const running = await processes.start({
    name: 'redis',
    command: server.command,
    args: [...place, ...memory, ...durability],
    env: server.env,
    isReady: () => answersPing(port),
  })
  return { url: `redis://127.0.0.1:${port}`, server, process: running }
}

/** On PATH, else fetched before, else fetched now. @throws RedisMissing with one sentence on what to do */
export async function findRedis(serverDir: string, path = process.env['PATH'] ?? ''): Promise<RedisServer> {
  for (const name of SERVERS) {
    for (const folder of path.split(delimiter)) {
      const command = join(folder, name)
      if (folder !== '' && (await exists(command))) return { command, env: {}, origin: command }
    }
  }
  const unpacked = await findUnpacked(serverDir)
  if (unpacked !== undefined) return unpacked
  return fetchRedis(serverDir)
}

/**
 * Downloads the distribution's package with the libraries this machine lacks, and unpacks them into a folder of ours:
 * nothing is installed, so it needs no root.
 */
export async function fetchRedis(serverDir: string): Promise<RedisServer> {
  for (const tool of ['apt-get', 'dpkg']) {
    await run(tool, ['--version']).catch((cause: unknown) => {
      throw new RedisMissing(`Redis is missing and cannot be fetched without ${tool}: ${ADVICE}.`, { cause })
    })
  }
  await mkdir(serverDir, { recursive: true })
  const partial = await mkdtemp(join(serverDir, 'partial-'))
  try {
    await fetchInto(partial)
    await rm(join(serverDir, 'root'), { recursive: true, force: true })
    await rename(join(partial, 'root'), join(serverDir, 'root'))
  } catch (cause) {
    if (cause instanceof RedisMissing) throw cause
    const reason = cause instanceof Error ? cause.message.trim().split('\n').at(-1) : String(cause)
    throw new RedisMissing(
      `Redis is missing and could not be fetched from the distribution's packages (${reason}): ${ADVICE}.`,
      { cause },
    )
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
  const server = await findUnpacked(serverDir)
  if (server === undefined)
    throw new RedisMissing(`The distribution's package holds no Redis server: ${ADVICE}.`)
  return server
}

/** First with the package lists this machine has; when they are missing or out of date, with lists of our own. */
async function fetchInto(folder: string): Promise<void> {
  const attempts = [[], await ownLists(folder)]
  const failures: unknown[] = []
  for (const options of attempts) {
    try {
      if (options.length > 0) await apt(folder, [...options, 'update'])
      await downloadAndUnpack(folder, options)
      return
    } catch (error) {
      failures.push(error)
    }
  }
  throw failures.at(-1)
}

async function ownLists(folder: string): Promise<string[]> {
  const lists = join(folder, 'apt/lists')
  const cache = join(folder, 'apt/cache')
  await mkdir(join(lists, 'partial'), { recursive: true })
  await mkdir(join(cache, 'archives/partial'), { recursive: true })
  return ['-o', `Dir::State::lists=${lists}`, '-o', `Dir::Cache=${cache}`]
}

async function downloadAndUnpack(folder: string, options: readonly string[]): Promise<void> {
  const packages = await packagesToFetch(folder, options)
  const downloads = join(folder, 'packages')
  await rm(downloads, { recursive: true, force: true })
  await mkdir(downloads)
  await apt(downloads, [...options, 'download', ...packages])
  const archives = (await readdir(downloads)).filter((name) => name.endsWith('.deb'))
  for (const archive of archives) await run('dpkg', ['-x', join(downloads, archive), join(folder, 'root')])
}

/**
 * A simulated installation lists exactly those packages that are not here. The server's own two are named with
 * `--reinstall`, because a machine may have them somewhere off PATH; Debian keeps the program itself in the tools.
 */
async function packagesToFetch(folder: string, options: readonly string[]): Promise<string[]> {
  let failure: unknown
  for (const server of SERVERS) {
    const tools = server.replace('-server', '-tools')
    const simulate = ['install', '--simulate', '--no-install-recommends', '--reinstall', server, tools]
    try {
      const { stdout } = await apt(folder, [...options, ...simulate])
      const packages = stdout.split('\n').flatMap((line) => /^Inst (\S+)/.exec(line)?.[1] ?? [])
      if (packages.length > 0) return packages
    } catch (error) {
      failure = error
    }
  }
  throw failure ?? new Error('no package redis-server or valkey-server')
}

function apt(cwd: string, args: readonly string[]) {
  return run('apt-get', ['-q', '-o', 'APT::Sandbox::User=root', ...args], {
    cwd,
    timeout: APT_TIMEOUT_MS,
    maxBuffer: OUTPUT_BYTES_MAX,
    env: { ...process.env, LC_ALL: 'C' },
  })
}

async function findUnpacked(serverDir: string): Promise<RedisServer | undefined> {
  const root = join(serverDir, 'root')
  const libraries = (await libraryFolders(root)).join(delimiter)
  for (const name of SERVERS) {
    const command = join(root, 'usr/bin', name)
    const env = { LD_LIBRARY_PATH: libraries }
    const runs = await run(command, ['--version'], { env: { ...process.env, ...env } }).then(
      () => true,
      () => false,
    )
    if (runs) return { command, env, origin: "the distribution's package" }
  }
  return undefined
}

/** `usr/lib/x86_64-linux-gnu` and the like. */
async function libraryFolders(root: string): Promise<string[]> {
  const folders: string[] = []
  for (const base of ['lib', 'usr/lib']) {
    folders.push(join(root, base))
    const entries = await readdir(join(root, base), { withFileTypes: true }).catch(() => [])
    folders.push(
      ...entries.filter((entry) => entry.isDirectory()).map((entry) => join(root, base, entry.name)),
    )
  }
  return folders
}

function answersPing(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: '127.0.0.1', port }, () => socket.write('PING\r\n'))
    socket.setTimeout(1_000, () => socket.destroy())
    socket.once('data', (data) => {
      resolve(data.toString().startsWith('+PONG'))
      socket.destroy()
    })
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
  })
}
