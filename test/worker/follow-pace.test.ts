import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFollowPace } from '#apps/worker/follow-pace.ts'

const TICK_MS = 100

/** Looks at a chain whose blocks come at `blocks`, in ticks, until `endMs`. @returns the looks, and how late each block was seen. */
function follow(blockTimeMs: number, blocks: readonly number[], endMs: number) {
  const pace = createFollowPace()
  const looks: number[] = []
  const delays: number[] = []
  for (let now = 0; now < endMs; now += TICK_MS) {
    if (!pace.isDue({ id: 1, blockTimeMs }, now)) continue
    looks.push(now)
    const isNew = blocks.slice(delays.length).filter((at) => at <= now)
    pace.looked(1, now, isNew.length > 0)
    delays.push(...isNew.map((at) => now - at))
  }
  return { looks, delays }
}

const rhythm = (blockTimeMs: number, phaseMs: number, count: number) =>
  Array.from({ length: count }, (_, index) => phaseMs + index * blockTimeMs)

describe('the pace of looks at a chain', () => {
  it('sees every block but the first within a tenth of its time, with two or three looks per block, whatever their phase', () => {
    fc.assert(
      fc.property(fc.constantFrom(1_000, 2_000, 12_000), fc.nat(11_999), (blockTimeMs, phase) => {
        const { looks, delays } = follow(
          blockTimeMs,
          rhythm(blockTimeMs, phase, 50),
          phase + 50 * blockTimeMs,
        )
        expect(delays).toHaveLength(50)
        expect(Math.max(...delays.slice(1))).toBeLessThanOrEqual(blockTimeMs / 10 + TICK_MS)
        expect(looks.length).toBeLessThan(3 * 50 + 2 * Math.ceil(phase / blockTimeMs) + 1)
      }),
    )
  })

  it('looks twice per block where no block comes, after it has waited for one', () => {
    const { looks } = follow(1_000, [], 10_000)
    expect(looks).toHaveLength(20)
    const stalled = follow(1_000, [0], 20_000)
    expect(stalled.looks.filter((at) => at >= 2_000).length).toBeLessThanOrEqual(2 * 18)
  })

  it('finds the rhythm again when it has changed', () => {
    const { delays } = follow(1_000, [...rhythm(1_000, 0, 5), ...rhythm(1_000, 10_430, 20)], 31_000)
    expect(delays).toHaveLength(25)
    expect(Math.max(...delays.slice(6))).toBeLessThanOrEqual(200)
  })

  it('keeps each chain its own', () => {
    const pace = createFollowPace()
    expect(pace.isDue({ id: 1, blockTimeMs: 1_000 }, 0)).toBe(true)
    pace.looked(1, -100, false)
    pace.looked(1, 0, true)
    expect(pace.isDue({ id: 2, blockTimeMs: 1_000 }, 0)).toBe(true)
    expect(pace.isDue({ id: 2, blockTimeMs: 1_000 }, 500)).toBe(true)
    expect(pace.isDue({ id: 1, blockTimeMs: 1_000 }, 500)).toBe(false)
    expect(pace.isDue({ id: 1, blockTimeMs: 1_000 }, 900)).toBe(true)
  })
})
