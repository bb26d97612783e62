import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  closeAttempt,
  delayMs,
  DELAYS,
  FORGET_MS,
  openAttempt,
  type Tallies,
  TALLY_KINDS,
  TRUST_MS,
} from '#core/session/sign-in-guard.ts'

const START = Date.parse('2026-11-28T12:00:00Z')
const at = (ms: number) => new Date(START + ms)
const none = { failures: 0, lastFailedAt: null, blockedUntil: null, trustedUntil: null }
const clean: Tallies = { pair: none, account: none, address: none }

/** Fails `times` times, each as soon as it may; gives when the last one was. */
function fail(tallies: Tallies, times: number, from = 0): { tallies: Tallies; ms: number } {
  let ms = from
  let now = tallies
  for (let count = 0; count < times; ) {
    const attempt = openAttempt(now, at(ms))
    if (!attempt.isOpen) {
      ms += attempt.waitMs
      continue
    }
    now = attempt.counted
    count += 1
  }
  return { tallies: now, ms }
}

describe('the delay after failures', () => {
  it('grows from a second, doubled each time, to a longest one', () => {
    const { free, maxMs } = DELAYS.pair
    expect(delayMs('pair', free)).toBe(0)
    expect([1, 2, 3].map((more) => delayMs('pair', free + more))).toEqual([1_000, 2_000, 4_000])
    expect(delayMs('pair', 10_000)).toBe(maxMs)
  })

  it('counts before it is known whether the password is right, so that many at once gain nothing', () => {
    const { tallies } = fail(clean, DELAYS.pair.free + 1)
    expect(openAttempt(tallies, at(0)).isOpen).toBe(false)
    expect(openAttempt(tallies, at(999)).isOpen).toBe(false)
    expect(openAttempt(tallies, at(1_000)).isOpen).toBe(true)
  })

  it('is forgotten after a day, to the millisecond', () => {
    const { tallies, ms } = fail(clean, DELAYS.pair.free + 5)
    const early = openAttempt(tallies, at(ms + FORGET_MS - 1))
    const late = openAttempt(tallies, at(ms + FORGET_MS))
    expect(early.isOpen && early.counted.pair.failures).toBe(DELAYS.pair.free + 6)
    expect(late.isOpen && late.counted.pair.failures).toBe(1)
  })

  it('is never longer than the longest, whatever a wrong clock wrote', () => {
    const far = { ...none, failures: 9, lastFailedAt: at(0), blockedUntil: at(10 * FORGET_MS) }
    const attempt = openAttempt({ ...clean, account: far }, at(0))
    expect(attempt).toEqual({ isOpen: false, waitMs: DELAYS.account.maxMs })
  })

  it('lets strangers delay an account by a minute at most, and not where its person signed in before', () => {
    const opened = openAttempt(clean, at(0))
    if (!opened.isOpen) return expect.fail('nothing failed yet')
    const home = closeAttempt(opened.counted, opened.kinds, opened.counted, at(0))
    expect(home.account.failures).toBe(0)
    const attacked = fail({ ...clean, account: home.account }, 100).tallies
    const elsewhere = openAttempt(
      { ...clean, account: attacked.account },
      attacked.account.lastFailedAt ?? at(0),
    )
    expect(elsewhere).toEqual({ isOpen: false, waitMs: 60_000 })
    expect(
      openAttempt({ ...home, account: attacked.account, address: attacked.address }, at(1_000)).isOpen,
    ).toBe(true)
    const later = { ...home, account: { ...attacked.account, blockedUntil: at(TRUST_MS + 60_000) } }
    expect(openAttempt(later, at(TRUST_MS)).isOpen).toBe(false)
  })

  it('of an address is not undone by signing in to an account of one’s own', () => {
    const failed = fail(clean, DELAYS.address.free + 3)
    const own = { ...clean, address: failed.tallies.address }
    const ms = failed.ms + delayMs('address', DELAYS.address.free + 3)
    const opened = openAttempt(own, at(ms))
    if (!opened.isOpen) return expect.fail('the delay is over')
    const closed = closeAttempt(opened.counted, opened.kinds, opened.counted, at(ms))
    expect(closed.address.failures).toBe(DELAYS.address.free + 3)
    const next = openAttempt({ ...clean, address: closed.address }, at(ms))
    expect(next.isOpen && next.counted.address.blockedUntil).toEqual(at(ms + 8_000))
  })

  it('keeps what others failed meanwhile, whatever the order', () => {
    fc.assert(
      fc.property(fc.nat({ max: 30 }), fc.nat({ max: 30 }), (before, meanwhile) => {
        const first = fail(clean, before)
        const opened = openAttempt(first.tallies, at(first.ms + DELAYS.pair.maxMs))
        if (!opened.isOpen) return expect.fail('every delay is over')
        const others = fail(opened.counted, meanwhile, first.ms + DELAYS.pair.maxMs)
        const closed = closeAttempt(others.tallies, opened.kinds, opened.counted, at(others.ms))
        for (const kind of TALLY_KINDS.filter((each) => each !== 'pair'))
          expect(closed[kind].failures).toBe(others.tallies[kind].failures - 1)
        if (meanwhile > 0) expect(closed.account.blockedUntil).toEqual(others.tallies.account.blockedUntil)
        expect(closed.pair.failures).toBe(0)
      }),
    )
  })
})
