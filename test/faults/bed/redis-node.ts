import { join } from 'node:path'
import { Redis } from 'ioredis'
import type { Processes, RunningProcess } from '#scripts/stack/processes.ts'
import { startRedis } from '#scripts/stack/redis.ts'
import { ROOT } from '#scripts/stack/settings.ts'

/** A Redis of the bed's own that keeps nothing on disk: every start is empty. */
export interface RedisNode {
  url: string
  /** One command over a connection of its own. */
  command(name: string, ...args: string[]): Promise<unknown>
  kill(): Promise<void>
  start(): Promise<void>
  freeze(): void
  thaw(): void
}

export async function startRedisNode(
  processes: Processes,
  options: { dataDir: string; port: number },
): Promise<RedisNode> {
  const url = `redis://127.0.0.1:${options.port}`
  let running: RunningProcess
  const start = async () => {
    const serverDir = join(ROOT, '.local/redis')
    const started = await startRedis(processes, { ...options, serverDir, isDurable: false })
    running = started.process
  }
  await start()
  return {
    url,
    start,
    async command(name, ...args) {
      const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null })
      redis.on('error', () => undefined)
      try {
        await redis.connect()
        return await redis.call(name, ...args)
      } finally {
        redis.disconnect()
      }
    },
    async kill() {
      process.kill(running.pid, 'SIGKILL')
      await running.exited
    },
    freeze: () => void process.kill(running.pid, 'SIGSTOP'),
    thaw: () => void process.kill(running.pid, 'SIGCONT'),
  }
}
