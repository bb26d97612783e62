import { describe, expect, it } from 'vitest'
import { decideReport } from '#core/oracle/decide-report.ts'

const NOW = new Date('2026-11-21T12:00:00Z')
const LIMITS = { maxAgeMs: 3_600_000, deviationBpsMax: 1_000 }
const before = (ms: number) => new Date(NOW.getTime() - ms)

function decide(
  price: string,
  known: { price?: string; ageMs?: number; previousPrice?: string | null; leftMs?: number } | null,
) {
  const record = known && {
    price: known.price ?? '1',
    observedAt: before(known.ageMs ?? 60_000),
    expiresAt: new Date(before(known.ageMs ?? 60_000).getTime() + (known.leftMs ?? 7_200_000)),
    previousPrice: known.previousPrice ?? null,
  }
  return decideReport({ price, observedAt: NOW }, record, LIMITS, NOW)
}

describe('a price goes to the chain', () => {
  it('when it is the first', () => expect(decide('1', null)).toBe('first'))
  it('when it moved by more than half a percent', () => {
    expect(decide('1.006', {})).toBe('moved')
    expect(decide('0.994', {})).toBe('moved')
    expect(decide('1.005', {})).toBeNull()
  })
  it('when what is there jumped and nothing has confirmed it', () => {
    expect(decide('1', { previousPrice: '0.5' })).toBe('confirms a jump')
    expect(decide('1', { previousPrice: '0.95' })).toBeNull()
  })
  it('when half of its time is over, by age or by expiry', () => {
    expect(decide('1', { ageMs: 1_799_999 })).toBeNull()
    expect(decide('1', { ageMs: 1_800_000 })).toBe('renewal')
    expect(decide('1', { ageMs: 300_000, leftMs: 600_000 })).toBe('renewal')
  })
  it('not when it is no newer', () => {
    expect(decide('2', { ageMs: 0 })).toBeNull()
    expect(decide('2', { ageMs: -1_000 })).toBeNull()
  })
})
