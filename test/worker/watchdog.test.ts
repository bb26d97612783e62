import { connect, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createJobDispatcher, type QueueDepth } from '#adapters/bullmq/job-dispatcher.ts'
import { assertNoEviction } from '#adapters/bullmq/redis.ts'
import { startWorkers, type Workers } from '#adapters/bullmq/workers.ts'
import { createWatchdog } from '#apps/worker/watchdog.ts'
import { startRedisServer, until } from './redis-server.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

/** A line to Redis whose present connections can be made to carry nothing, without being closed. */
async function startLink(
  redisUrl: string,
): Promise<{ url: string; silence(): void; close(): Promise<void> }> {
  const target = Number(new URL(redisUrl).port)
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1')
    near.pipe(far).pipe(near)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => sockets.delete(socket))
    }
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  return {
    url: `redis://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    silence: () => sockets.forEach((socket) => socket.unpipe().pause()),
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const aDepth = (oldestWaitingMs: number): QueueDepth => ({
  name: 'submit-lane',
  waiting: oldestWaitingMs > 0 ? 1 : 0,
  active: 0,
  delayed: 0,
  failed: 0,
  oldestWaitingMs,
})

/** A watchdog over workers and a Redis that do as the test says. */
function aWatchdog() {
  const state = {
    now: 0,
    oldestWaitingMs: 0,
    running: 0,
    finishedAt: 0,
    rebuilds: 0,
    isRedisAway: false,
    isOurLinkDead: false,
  }
  const workers: Workers = {
    names: ['submit-lane'],
    running: () => state.running,
    lastFinishedAt: () => state.finishedAt,
    rebuild: async () => void (state.rebuilds += 1),
    close: async () => {},
  }
  const check = createWatchdog({
    workers,
    depths: async () => {
      if (state.isRedisAway || state.isOurLinkDead) throw new Error('no answer')
      return [aDepth(state.oldestWaitingMs)]
    },
    reachRedis: async () => {
      if (state.isRedisAway) throw new Error('refused')
    },
    deafAfterMs: 1_000,
    now: () => state.now,
  })
  return {
    state,
    after: async (ms: number) => {
      state.now += ms
      return check()
    },
  }
}

describe('the watchdog', () => {
  it('leaves a worker alone that has nothing to do, that keeps up, or that is merely busy', async () => {
    const { state, after } = aWatchdog()
    expect(await after(60_000)).toEqual({ state: 'well' })
    state.oldestWaitingMs = 900
    expect(await after(60_000)).toEqual({ state: 'well' })
    state.oldestWaitingMs = 60_000
    state.running = 16
    expect(await after(60_000)).toEqual({ state: 'well' })
    expect(state.rebuilds).toBe(0)
  })

  it('replaces the connections of a worker that a waiting job does not reach', async () => {
    const { state, after } = aWatchdog()
    state.oldestWaitingMs = 5_000
    expect(await after(500)).toEqual({ state: 'well' })
    expect(await after(1_000)).toEqual({ state: 'rebuilt', deaf: ['submit-lane'] })
    expect(await after(500)).toEqual({ state: 'well' })
  })

  it('gives the process up when new connections did not help', async () => {
    const { state, after } = aWatchdog()
    state.oldestWaitingMs = 5_000
    await after(2_000)
    expect(await after(2_000)).toEqual({ state: 'give-up', deaf: ['submit-lane'] })
  })

  it('starts counting anew once something was finished', async () => {
    const { state, after } = aWatchdog()
    state.oldestWaitingMs = 5_000
    await after(2_000)
    state.oldestWaitingMs = 0
    state.finishedAt = state.now + 100
    await after(1_000)
    state.oldestWaitingMs = 5_000
    expect(await after(2_000)).toMatchObject({ state: 'rebuilt' })
  })

  it('waits while Redis itself is away, and replaces connections that alone are dead', async () => {
    const { state, after } = aWatchdog()
    state.isRedisAway = true
    expect(await after(60_000)).toMatchObject({ state: 'redis-away' })
    expect(await after(60_000)).toMatchObject({ state: 'redis-away' })
    state.isRedisAway = false
    state.isOurLinkDead = true
    expect(await after(500)).toEqual({ state: 'well' })
    expect(await after(1_000)).toMatchObject({ state: 'rebuilt' })
  })

  it('makes a real worker hear its queue again', async () => {
    const redis = await startRedisServer()
    const link = await startLink(redis.url)
    const jobs = createJobDispatcher({ redisUrl: redis.url })
    let runs = 0
    const workers = startWorkers({
      redisUrl: link.url,
      handlers: { 'submit-lane': async () => void (runs += 1) },
      again: async () => {},
    })
    closers.push(
      async () => redis.stop(),
      async () => link.close(),
      async () => jobs.close(),
      async () => workers.close(500),
    )
    await jobs.dispatch([{ name: 'submit-lane', id: 'a' }])
    // Finished in Redis too: a job that seems to be running takes its like with it.
    await until('it ran', async () => runs === 1 && (await jobs.depths()).every(({ active }) => active === 0))

    // The worker's connections stay open, and nothing comes through any more.
    link.silence()
    await jobs.dispatch([{ name: 'submit-lane', id: 'a' }])
    const check = createWatchdog({
      workers,
      depths: async () => jobs.depths(),
      reachRedis: async () => assertNoEviction(redis.url),
      deafAfterMs: 300,
    })
    await until('it was rebuilt', async () => (await check()).state === 'rebuilt')
    await until('the waiting job ran', () => runs === 2)
    expect(await check()).toEqual({ state: 'well' })
  })
})
