import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { pickFreePorts } from '#scripts/stack/ports.ts'
import { findRedis } from '#scripts/stack/redis.ts'

/** A Redis of a test's own, which may be wiped, frozen and killed. It keeps nothing on disk. */
export interface RedisServer {
  url: string
  flushAll(): Promise<void>
  /** SIGKILL; nothing answers on the port then. */
  kill(): Promise<void>
  /** Starts anew on the same port, empty. */
  start(): Promise<void>
  /** Stops or continues the process without ending it. */
  freeze(): void
  thaw(): void
  info(section: string): Promise<string>
  stop(): Promise<void>
}

export async function startRedisServer(policy = 'noeviction'): Promise<RedisServer> {
  const { command, env } = await findRedis(join('.local', 'redis-server'))
  const [port = 0] = await pickFreePorts(1)
  const folder = await mkdtemp(join(tmpdir(), 'ost-redis-'))
  const url = `redis://127.0.0.1:${port}`
  let child: ChildProcess | undefined

  async function start(): Promise<void> {
    const args = [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--dir',
      folder,
      '--save',
      '',
      '--appendonly',
      'no',
    ]
    child = spawn(command, [...args, '--maxmemory-policy', policy], {
      stdio: 'ignore',
      env: { ...process.env, ...env },
    })
    await ask(async (redis) => redis.ping())
  }

  async function ask<Answer>(question: (redis: Redis) => Promise<Answer>): Promise<Answer> {
    const redis = new Redis(url, { maxRetriesPerRequest: 100, retryStrategy: () => 20 })
    redis.on('error', () => {})
    try {
      return await question(redis)
    } finally {
      redis.disconnect()
    }
  }

  async function kill(): Promise<void> {
    if (!child || child.exitCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }

  await start()
  return {
    url,
    kill,
    start,
    freeze: () => child?.kill('SIGSTOP'),
    thaw: () => child?.kill('SIGCONT'),
    flushAll: async () => ask(async (redis) => void (await redis.flushall())),
    info: async (section) => ask(async (redis) => redis.info(section)),
    async stop() {
      child?.kill('SIGCONT')
      await kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Waits until `isTrue` says so. @throws after `timeoutMs`, naming what never became true. */
export async function until(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  timeoutMs = 10_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
