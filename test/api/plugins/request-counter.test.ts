import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createRequestCounter } from '#apps/api/plugins/request-counter.ts'
import { createTestRedis } from '#test/support/stack.ts'

const WINDOW_MS = 60_000

describe('the request counter', () => {
  let redis: Redis
  beforeAll(async () => {
    redis = new Redis((await createTestRedis()).url)
    await once(redis, 'ready')
  })
  afterAll(() => redis.disconnect())

  it('gives every request of a window its own number', async () => {
    const [count, key] = [createRequestCounter(redis, WINDOW_MS), randomUUID()]
    const counted = await Promise.all(Array.from({ length: 300 }, async () => count(key, 10_000)))
    expect(counted.map(({ current }) => current).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 300 }, (_, index) => index + 1),
    )
    for (const { ttlMs } of counted) {
      expect(ttlMs).toBeGreaterThan(WINDOW_MS - 5_000)
      expect(ttlMs).toBeLessThanOrEqual(WINDOW_MS)
    }
  })

  it('asks Redis for few of many requests, and for none beyond the limit', async () => {
    const [count, key] = [createRequestCounter(redis, WINDOW_MS), randomUUID()]
    const asked = vi.spyOn(redis, 'eval')
    for (let request = 0; request < 6_000; request += 1) await count(key, 6_000)
    expect(asked.mock.calls.length).toBeLessThan(600)
    asked.mockClear()
    for (let request = 0; request < 100; request += 1)
      expect((await count(key, 6_000)).current).toBeGreaterThan(6_000)
    expect(asked).not.toHaveBeenCalled()
    asked.mockRestore()
  })

  it('never allows more than the limit, by however many processes it is counted, and hardly fewer', async () => {
    const [key, max] = [randomUUID(), 1_000]
    const processes = [1, 2, 3].map(() => createRequestCounter(redis, WINDOW_MS))
    let allowed = 0
    for (let round = 0; round < max; round += 1) {
      const counted = await Promise.all(processes.map(async (count) => count(key, max)))
      allowed += counted.filter(({ current }) => current <= max).length
    }
    expect(allowed).toBeLessThanOrEqual(max)
    expect(allowed).toBeGreaterThan(max * 0.97)
  })

  it('forgets what it took when the window is over', async () => {
    const [count, key] = [createRequestCounter(redis, 200), randomUUID()]
    const currents = []
    for (let request = 0; request < 4; request += 1) currents.push((await count(key, 3)).current)
    await sleep(250)
    currents.push((await count(key, 3)).current)
    expect(currents).toEqual([1, 2, 3, 4, 1])
  })
})
