import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  FAILURES_BEFORE_PAUSE,
  GIVE_UP_AFTER_MS,
  grantedRetryAfterMs,
  pauseMs,
  retryDelayMs,
} from '#core/webhook/backoff.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** The middle of the jitter. */
const EVEN = 0.5

describe('retryDelayMs', () => {
  it('doubles from 5 seconds to 6 hours', () => {
    const delays = Array.from({ length: 15 }, (_, index) => retryDelayMs(index + 1, 'parallel', EVEN))
    expect(delays.slice(0, 4)).toEqual([5_000, 10_000, 20_000, 40_000])
    expect(delays.at(-1)).toBe(6 * HOUR)
  })

  it('stays within 5 minutes in order, where others wait behind it', () => {
    expect(retryDelayMs(40, 'ordered', EVEN)).toBe(5 * MINUTE)
  })

  it('spreads by a fifth to either side, and by nothing more', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (attempts, chance) => {
          const even = retryDelayMs(attempts, 'parallel', EVEN)
          const delay = retryDelayMs(attempts, 'parallel', chance)
          expect(delay).toBeGreaterThanOrEqual(Math.round(even * 0.8))
          expect(delay).toBeLessThanOrEqual(Math.round(even * 1.2))
        },
      ),
    )
  })

  it('makes some twenty tries in the three days before an event is given up', () => {
    let ageMs = 0
    let attempts = 1
    for (;;) {
      const delay = retryDelayMs(attempts, 'parallel', EVEN)
      if (ageMs + delay > GIVE_UP_AFTER_MS) break
      ageMs += delay
      attempts += 1
    }
    expect(attempts).toBeGreaterThanOrEqual(20)
    expect(attempts).toBeLessThanOrEqual(30)
    expect(ageMs).toBeGreaterThan(GIVE_UP_AFTER_MS - 6 * HOUR)
  })
})

describe('pauseMs', () => {
  it('lets some failures pass, then waits for 5 seconds up to 5 minutes', () => {
    expect(pauseMs(FAILURES_BEFORE_PAUSE - 1, EVEN)).toBeNull()
    expect(pauseMs(FAILURES_BEFORE_PAUSE, EVEN)).toBe(5_000)
    expect(pauseMs(FAILURES_BEFORE_PAUSE + 30, EVEN)).toBe(5 * MINUTE)
  })
})

describe('grantedRetryAfterMs', () => {
  it.each([
    [null, 0],
    [-5, 0],
    [90_000, 90_000],
    [30 * 24 * HOUR, HOUR],
  ])('%j → %j', (wanted, granted) => {
    expect(grantedRetryAfterMs(wanted)).toBe(granted)
  })
})
