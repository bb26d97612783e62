import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromUnits, sumUnits, toUnits } from '#sdk'

const decimals = fc.integer({ min: 0, max: 24 })
const units = fc.bigInt({ min: 0n, max: 10n ** 60n })

describe('amounts', () => {
  it('come back as they went, whatever the token’s decimals', () => {
    fc.assert(
      fc.property(units, decimals, (value, places) => toUnits(fromUnits(value, places), places) === value),
    )
  })

  it('are exact where a number would round', () => {
    expect(toUnits('9007199254740993.000000000000000001', 18)).toBe(9007199254740993000000000000000001n)
    expect(fromUnits('1500000000000000000', 18)).toBe('1.5')
    expect(fromUnits(-1500n, 3)).toBe('-1.5')
    expect(fromUnits(0n, 0)).toBe('0')
    expect(fromUnits(5n, 2)).toBe('0.05')
  })

  it.each(['', '1.', '.5', '1e3', '-1', '1,5', ' 1', '0x10'])('refuse what is no decimal: "%s"', (text) => {
    expect(() => toUnits(text, 18)).toThrow(RangeError)
  })

  it('refuse more places than the token has, rather than round', () => {
    expect(() => toUnits('0.001', 2)).toThrow('more than the 2 decimals')
  })

  it('add up', () => {
    fc.assert(
      fc.property(fc.array(units), (all) => {
        const sum = all.reduce((total, one) => total + one, 0n)
        return sumUnits([...all, ...all.map(String)]) === 2n * sum
      }),
    )
  })
})
