import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  fiatShareDown,
  isWithin,
  presentAmount,
  presentPercent,
  presentUnits,
  toBaseUnits,
  toBps,
} from '#apps/api/dialects/ost-v1/amounts.ts'

const units = fc.bigInt({ min: 0n, max: 2n ** 96n - 1n })
const decimals = fc.integer({ min: 0, max: 18 })

describe('amounts of the dialects of 2018', () => {
  it('come back as the base units they were', () => {
    fc.assert(
      fc.property(
        units,
        decimals,
        (value, places) => toBaseUnits(presentUnits(value, places), places) === value,
      ),
    )
  })

  it('are refused where they are finer than the token', () => {
    expect(toBaseUnits('0.123', 2)).toBeUndefined()
    expect(toBaseUnits('0.120', 2)).toBe(12n)
  })

  it.each(['', '-1', '+1', '1e3', '01', '.5', '1.', '0x1', ' 1', '1,5', 'NaN'])(
    'are no such text: "%s"',
    (text) => {
      expect(toBaseUnits(text, 18)).toBeUndefined()
      expect(isWithin(text, '0', '100')).toBe(false)
    },
  )

  it('include their bounds', () => {
    expect(['0.01', '100', '99.999'].every((text) => isWithin(text, '0.01', '100'))).toBe(true)
    expect(['0.00999', '100.0001'].some((text) => isWithin(text, '0.01', '100'))).toBe(false)
  })

  it('shares are basis points, of two places at most', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 10_000 }), (bps) => toBps(presentPercent(bps)) === bps))
    for (const text of ['100.01', '101', '-1', '0.125', 'x', '']) expect(toBps(text)).toBeUndefined()
  })

  it('a share of a fiat amount is never more than its part, and less by under a millionth', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 12n }),
        fc.integer({ min: 0, max: 10_000 }),
        (millionths, bps) => {
          const share = toBaseUnits(fiatShareDown(presentUnits(millionths, 6), bps), 6) ?? -1n
          const exact = millionths * BigInt(bps)
          return share * 10_000n <= exact && exact - share * 10_000n < 10_000n
        },
      ),
    )
  })

  it('of actions show four places, and more where there are more', () => {
    expect([presentAmount('1'), presentAmount('0.2'), presentAmount('0.00001')]).toEqual([
      '1.0000',
      '0.2000',
      '0.00001',
    ])
  })
})
