import type { FastifyRateLimitStoreCtor } from '@fastify/rate-limit'
import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'

const WINDOW_MS = 60_000

/** What every store of request counts promises. @param open Called once the suite runs. */
export function describeLimitStore(implementation: string, open: () => FastifyRateLimitStoreCtor): void {
  describe(`the limit store ${implementation}`, () => {
    function aStore() {
      // The store reads no option: windows come with each count.
      const store = new (open())({} as ConstructorParameters<FastifyRateLimitStoreCtor>[0])
      return (key: string, windowMs = WINDOW_MS) =>
        new Promise<{ current: number; ttl: number }>((resolve, reject) => {
          store.incr(
            key,
            (error, result) => (error || !result ? reject(error ?? new Error('no count')) : resolve(result)),
            windowMs,
            0,
          )
        })
    }

    it('counts the requests of a window and tells how long it still lasts', async () => {
      const [count, key] = [aStore(), randomUUID()]
      const results = [await count(key), await count(key), await count(key)]
      expect(results.map(({ current }) => current)).toEqual([1, 2, 3])
      for (const { ttl } of results) {
        expect(ttl).toBeGreaterThan(WINDOW_MS - 5_000)
        expect(ttl).toBeLessThanOrEqual(WINDOW_MS)
      }
    })

    it('counts each key for itself', async () => {
      const count = aStore()
      const currents = [randomUUID(), randomUUID()].map(async (key) => (await count(key)).current)
      expect(await Promise.all(currents)).toEqual([1, 1])
    })

    it('loses none of many at once', async () => {
      const [count, key] = [aStore(), randomUUID()]
      const results = await Promise.all(Array.from({ length: 50 }, () => count(key)))
      const currents = results.map(({ current }) => current).toSorted((a, b) => a - b)
      expect(currents).toEqual(Array.from({ length: 50 }, (_, index) => index + 1))
    })

    it('begins anew when the window is over, however many came late in it', async () => {
      const [count, key] = [aStore(), randomUUID()]
      await count(key, 100)
      await sleep(60)
      await count(key, 100)
      await sleep(60)
      expect((await count(key, 100)).current).toBe(1)
    })
  })
}
