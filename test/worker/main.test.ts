import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { aBed, type Bed, balancesOnChain } from './live-economy.ts'
import { startRedisServer, until } from './redis-server.ts'

let bed: Bed
const running = new Set<ChildProcess>()
beforeAll(async () => {
  bed = await aBed()
})
afterAll(async () => bed.close())
afterEach(async () => {
  for (const child of running) child.kill('SIGKILL')
})

/** A worker process as an operator runs it. */
function run(env: Record<string, string | undefined> = {}): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, ['apps/worker/main.ts'], {
    env: { PATH: process.env['PATH'], ...bed.env, LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  child.on('exit', () => running.delete(child))
  let text = ''
  child.stdout?.on('data', (chunk) => (text += String(chunk)))
  child.stderr?.on('data', (chunk) => (text += String(chunk)))
  return { child, output: () => text }
}

async function exitOf(child: ChildProcess): Promise<{ code: number | null; signal: string | null }> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  return { code: child.exitCode, signal: child.signalCode }
}

describe('a worker process', () => {
  it('refuses to start on a Redis that may drop jobs, and says what to set', async () => {
    const redis = await startRedisServer('allkeys-lru')
    const { child, output } = run({ REDIS_URL: redis.url })
    expect(await exitOf(child)).toMatchObject({ code: 1 })
    expect(output()).toContain('maxmemory-policy noeviction')
    await redis.stop()
  })

  it('refuses to start without Redis, without its own database role, and says so', async () => {
    const withoutRedis = run({ REDIS_URL: 'redis://127.0.0.1:1' })
    expect(await exitOf(withoutRedis.child)).toMatchObject({ code: 1 })
    expect(withoutRedis.output()).toContain('Redis does not answer')
    const withoutRole = run({ DATABASE_WORKER_URL: undefined })
    expect(await exitOf(withoutRole.child)).toMatchObject({ code: 1 })
    expect(withoutRole.output()).toContain('DATABASE_WORKER_URL')
  })

  it('finishes what it began on SIGTERM and exits with 0; on SIGKILL another one goes on', async () => {
    const first = run()
    const economy = await bed.createEconomy()
    await bed.untilActive(economy)
    const { userIds, typeId } = await bed.addUsers(economy, 200)
    await bed.reward(economy, typeId, userIds, 1n)
    await until('work is under way', async () => ((await bed.statuses(economy))['submitted'] ?? 0) > 0)
    const stoppedAt = performance.now()
    first.child.kill('SIGTERM')
    expect(await exitOf(first.child)).toEqual({ code: 0, signal: null })
    expect(performance.now() - stoppedAt).toBeLessThan(10_000)
    expect(first.output()).toContain('worker.stopped')

    const second = run()
    await until('it started', () => second.output().includes('worker.started'))
    await bed.reward(economy, typeId, userIds, 1n)
    await until('work is under way', async () => ((await bed.statuses(economy))['submitted'] ?? 0) > 0)
    second.child.kill('SIGKILL')
    await exitOf(second.child)
    await bed.reward(economy, typeId, userIds, 1n)
    const third = run()
    await until('all are confirmed', async () => (await bed.statuses(economy))['confirmed'] === 600, 20_000)
    expect(new Set(await balancesOnChain(bed, economy, userIds))).toEqual(new Set([3n]))
    third.child.kill('SIGTERM')
    expect(await exitOf(third.child)).toMatchObject({ code: 0 })
  }, 90_000)

  it('has its first block within three seconds of a cold start with ten thousand transactions queued', async () => {
    const warm = run()
    const economy = await bed.createEconomy()
    await bed.untilActive(economy)
    warm.child.kill('SIGTERM')
    await exitOf(warm.child)
    const { userIds, typeId } = await bed.addUsers(economy, 1_000)
    for (let round = 0; round < 10; round += 1) await bed.reward(economy, typeId, userIds, 1n)

    const cold = run()
    await until('it started', () => cold.output().includes('worker.started'))
    const startedAt = performance.now()
    const mined = async () => {
      const { mined = 0, confirmed = 0 } = await bed.statuses(economy)
      return mined + confirmed
    }
    await until('the first are mined', async () => (await mined()) > 0)
    expect(performance.now() - startedAt).toBeLessThan(3_000)
    await until('all are mined', async () => (await mined()) === 10_000, 60_000)
    cold.child.kill('SIGTERM')
    expect(await exitOf(cold.child)).toMatchObject({ code: 0 })
  }, 120_000)

  it('goes on by itself after Redis stood still for a while', async () => {
    const worker = run()
    const economy = await bed.createEconomy()
    await bed.untilActive(economy)
    const { userIds, typeId } = await bed.addUsers(economy, 50)
    bed.redis.freeze()
    await bed.reward(economy, typeId, userIds, 1n)
    await new Promise((resolve) => setTimeout(resolve, 6_000))
    bed.redis.thaw()
    await until('all are confirmed', async () => (await bed.statuses(economy))['confirmed'] === 50, 10_000)
    expect(worker.child.exitCode).toBeNull()
  }, 90_000)
})
