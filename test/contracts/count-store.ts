import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { CountStore } from '#apps/api/plugins/count-store.ts'

const WINDOW_MS = 60_000

/** What every store of request counts promises. @param open Called once the suite runs. */
export function describeCountStore(implementation: string, open: () => CountStore): void {
  describe(`the count store ${implementation}`, () => {
    function aStore() {
      const store = open()
      return (key: string, by = 1, windowMs = WINDOW_MS) => store(key, by, windowMs)
    }

    it('counts what a window was raised by and tells how long it still lasts', async () => {
      const [count, key] = [aStore(), randomUUID()]
      const results = [await count(key), await count(key, 5), await count(key)]
      expect(results.map(({ current }) => current)).toEqual([1, 6, 7])
      for (const { ttlMs } of results) {
        expect(ttlMs).toBeGreaterThan(WINDOW_MS - 5_000)
        expect(ttlMs).toBeLessThanOrEqual(WINDOW_MS)
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
      await count(key, 1, 100)
      await sleep(60)
      await count(key, 1, 100)
      await sleep(60)
      expect((await count(key, 1, 100)).current).toBe(1)
    })
  })
}
