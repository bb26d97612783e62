import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { type BullmqJobDispatcher, createJobDispatcher } from '#adapters/bullmq/job-dispatcher.ts'
import { assertNoEviction, RedisEvicts } from '#adapters/bullmq/redis.ts'
import { type JobHandler, startWorkers, type Workers } from '#adapters/bullmq/workers.ts'
import type { JobName } from '#core/outbox/job-dispatcher.ts'
import { type RedisServer, startRedisServer, until } from '#test/worker/redis-server.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

async function aRedis(policy?: string): Promise<RedisServer> {
  const redis = await startRedisServer(policy)
  closers.push(async () => redis.stop())
  return redis
}

function aDispatcher(redis: RedisServer): BullmqJobDispatcher {
  const dispatcher = createJobDispatcher({ redisUrl: redis.url })
  closers.push(async () => dispatcher.close())
  return dispatcher
}

function aWorker(
  redis: RedisServer,
  dispatcher: BullmqJobDispatcher,
  handlers: Partial<Record<JobName, JobHandler>>,
): Workers {
  const workers = startWorkers({
    redisUrl: redis.url,
    handlers,
    again: async (name, id) => dispatcher.dispatch([{ name, id }]),
  })
  closers.push(async () => workers.close(500))
  return workers
}

const yes = () => true
const no = () => false

/** A promise that the test settles. */
function aGate() {
  return Promise.withResolvers<void>()
}

describe('the carriage of jobs', () => {
  it('refuses a Redis that may drop keys, and names the setting', async () => {
    const redis = await aRedis('allkeys-lru')
    await expect(assertNoEviction(redis.url)).rejects.toThrow(RedisEvicts)
    await expect(assertNoEviction(redis.url)).rejects.toThrow(/noeviction/)
  })

  it('accepts a Redis that keeps its keys', async () => {
    const redis = await aRedis()
    await expect(assertNoEviction(redis.url)).resolves.toBeUndefined()
  })

  it('runs a job once however often it was rung for while it waited', async () => {
    const redis = await aRedis()
    const dispatcher = aDispatcher(redis)
    const runs: string[] = []
    for (let count = 0; count < 20; count += 1) {
      await dispatcher.dispatch([
        { name: 'submit-lane', id: 'a' },
        { name: 'submit-lane', id: 'b' },
      ])
    }
    aWorker(redis, dispatcher, { 'submit-lane': async (id) => void runs.push(id) })
    await until('both ran', () => runs.length >= 2)
    await sleep(300)
    expect(runs.toSorted()).toEqual(['a', 'b'])
  })

  it('runs a job exactly once more when it is rung for during its run', async () => {
    const redis = await aRedis()
    const dispatcher = aDispatcher(redis)
    const first = aGate()
    let runs = 0
    aWorker(redis, dispatcher, {
      'submit-lane': async () => {
        runs += 1
        if (runs === 1) await first.promise
      },
    })
    await dispatcher.dispatch([{ name: 'submit-lane', id: 'a' }])
    await until('the run began', () => runs === 1)
    for (let count = 0; count < 5; count += 1) await dispatcher.dispatch([{ name: 'submit-lane', id: 'a' }])
    first.resolve()
    await until('it ran again', () => runs === 2)
    await sleep(300)
    expect(runs).toBe(2)
  })

  it('never loses a wake-up: every piece of work put before a ring is seen by a later run', async () => {
    const redis = await aRedis()
    const dispatcher = aDispatcher(redis)
    let put = 0
    let taken = 0
    await until('the dispatcher is connected', async () => dispatcher.depths().then(yes, no))
    aWorker(redis, dispatcher, {
      'submit-lane': async () => {
        // Takes what is there now, then "finds nothing": the moment in which a wake-up could be lost.
        taken = put
        await new Promise((resolve) => setImmediate(resolve))
      },
    })
    for (let round = 0; round < 400; round += 1) {
      put += 1
      dispatcher.wake({ name: 'submit-lane', id: 'a' })
      await sleep(round % 4)
    }
    await until('everything was taken', () => taken === put, 2_000)
    expect(taken).toBe(400)
  })

  it('rings at once, then once for all that rang shortly after, and for none less when it closes', async () => {
    const redis = await aRedis()
    const dispatcher = createJobDispatcher({ redisUrl: redis.url })
    const others = aDispatcher(redis)
    await until('the dispatcher is connected', async () => dispatcher.ping().then(yes, no))
    const runs: number[] = []
    aWorker(redis, others, { 'submit-lane': async () => void runs.push(performance.now()) })
    const bell = { name: 'submit-lane', id: 'a' } as const
    const rungAt = performance.now()
    dispatcher.wake(bell)
    await until('the first ring was heard', () => runs.length === 1)
    for (let count = 0; count < 50; count += 1) {
      dispatcher.wake(bell)
      await sleep(1)
    }
    const rests = Math.ceil((performance.now() - rungAt) / 25)
    dispatcher.wake(bell)
    await dispatcher.close()
    await until('the last ring was heard', () => runs.length >= 2)
    await sleep(100)
    expect(runs.length).toBeLessThanOrEqual(rests + 2)
    expect(runs.length).toBeGreaterThanOrEqual(2)
  })

  it('runs again at once when a run asks for it', async () => {
    const redis = await aRedis()
    const dispatcher = aDispatcher(redis)
    let runs = 0
    aWorker(redis, dispatcher, {
      'run-airdrop': async () => {
        runs += 1
        return runs < 5 ? 'again' : undefined
      },
    })
    await dispatcher.dispatch([{ name: 'run-airdrop', id: 'a' }])
    await until('it ran five times', () => runs === 5)
  })

  it('goes on after FLUSHALL, as soon as jobs are handed over again', async () => {
    const redis = await aRedis()
    const dispatcher = aDispatcher(redis)
    const held = aGate()
    let runs = 0
    aWorker(redis, dispatcher, {
      'submit-lane': async () => {
        runs += 1
        if (runs === 1) await held.promise
      },
    })
    await dispatcher.dispatch([{ name: 'submit-lane', id: 'a' }])
    await until('the run began', () => runs === 1)
    await redis.flushAll()
    await dispatcher.dispatch([{ name: 'submit-lane', id: 'a' }])
    await until('it ran although its first run, forgotten by Redis, has not ended', () => runs === 2)
    held.resolve()
    await dispatcher.dispatch([{ name: 'submit-lane', id: 'a' }])
    await until('it ran after that run ended', () => runs >= 3)
  })

  it('goes on within seconds after Redis was killed and came back empty', async () => {
    const redis = await aRedis()
    const dispatcher = aDispatcher(redis)
    let runs = 0
    aWorker(redis, dispatcher, { 'submit-lane': async () => void (runs += 1) })
    await dispatcher.dispatch([{ name: 'submit-lane', id: 'a' }])
    await until('it ran', () => runs === 1)
    await redis.kill()
    await expect(dispatcher.dispatch([{ name: 'submit-lane', id: 'a' }])).rejects.toThrow()
    await redis.start()
    await until('it ran again', async () => {
      await dispatcher.dispatch([{ name: 'submit-lane', id: 'a' }]).catch(() => {})
      return runs > 1
    })
  })

  it('gives the job of a dead worker to another one within seconds', async () => {
    const redis = await aRedis()
    const dispatcher = aDispatcher(redis)
    let firstRuns = 0
    const dying = aWorker(redis, dispatcher, {
      'submit-lane': async () => {
        firstRuns += 1
        await new Promise(() => {})
      },
    })
    await dispatcher.dispatch([{ name: 'submit-lane', id: 'a' }])
    await until('the run began', () => firstRuns === 1)
    await dying.close(0)
    let secondRuns = 0
    aWorker(redis, dispatcher, { 'submit-lane': async () => void (secondRuns += 1) })
    await until('another worker ran it', () => secondRuns === 1, 20_000)
  }, 30_000)

  it('takes wake-ups in no time and without an error while Redis is away', async () => {
    const redis = await aRedis()
    const dispatcher = aDispatcher(redis)
    await dispatcher.dispatch([{ name: 'submit-lane', id: 'a' }])
    redis.freeze()
    const startedAt = performance.now()
    for (let lane = 0; lane < 5_000; lane += 1) dispatcher.wake({ name: 'submit-lane', id: `lane-${lane}` })
    expect(performance.now() - startedAt).toBeLessThan(500)
    redis.thaw()
  })

  it('keeps a bounded trace of finished jobs and of events in Redis', async () => {
    const redis = await aRedis()
    const dispatcher = aDispatcher(redis)
    let runs = 0
    aWorker(redis, dispatcher, { 'submit-lane': async () => void (runs += 1) })
    const jobs = Array.from({ length: 2_000 }, (_, lane) => ({
      name: 'submit-lane' as const,
      id: `lane-${lane}`,
    }))
    await dispatcher.dispatch(jobs)
    await until('all ran', () => runs === 2_000, 20_000)
    await new Promise((resolve) => setTimeout(resolve, 200))
    const keys = /keys=(\d+)/.exec(await redis.info('keyspace'))?.[1]
    expect(Number(keys)).toBeLessThan(40)
    const bytes = /used_memory:(\d+)/.exec(await redis.info('memory'))?.[1]
    expect(Number(bytes)).toBeLessThan(6 * 1024 * 1024)
  }, 30_000)
})
