import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { currentPrice, isNear, toUnitsOfFiatDown } from '#core/bundle/price-transfers.ts'
import { PriceMissing, PriceStale } from '#core/rule/errors.ts'

const ONE = 10n ** 18n

describe('toUnitsOfFiatDown', () => {
  it.each([
    [ONE, '0.03', 18, 33_333_333_333_333_333_333n],
    [ONE, '0.03', 6, 33_333_333n],
    [1n, '2', 18, 0n],
    [ONE, '1', 18, ONE],
  ])('%s of 10^-18 at %s are, with %i decimals, %s base units', (fiat, price, decimals, units) => {
    expect(toUnitsOfFiatDown(fiat, { price }, decimals)).toBe(units)
  })

  it('is never worth more than the fiat amount, and less than one unit away from it', () => {
    const price = fc.bigInt(1n, 10n ** 24n)
    fc.assert(
      fc.property(
        fc.bigInt(1n, 10n ** 37n - 1n),
        price,
        fc.integer({ min: 0, max: 18 }),
        (fiat, p, decimals) => {
          const whole = p.toString().padStart(19, '0')
          const text = `${whole.slice(0, -18)}.${whole.slice(-18)}`
          const units = toUnitsOfFiatDown(fiat, { price: text }, decimals)
          const scale = 10n ** BigInt(decimals)
          expect(units * p <= fiat * scale).toBe(true)
          expect((units + 1n) * p > fiat * scale).toBe(true)
        },
      ),
    )
  })
})

describe('a quoted price', () => {
  it('is near up to one unit of the currency, either way', () => {
    expect(isNear(2n * ONE, '1')).toBe(true)
    expect(isNear(2n * ONE + 1n, '1')).toBe(false)
    expect(isNear(0n, '1')).toBe(true)
    expect(isNear(0n, '1.000000000000000001')).toBe(false)
  })

  it('has to be compared with a price that is there and fresh', () => {
    const point = {
      id: '1',
      tenantId: 't',
      economyId: 'e',
      currency: 'USD' as const,
      price: '2',
      source: 'admin' as const,
      asOf: new Date(0),
      createdAt: new Date(0),
      deviates: false,
      onChain: null,
    }
    const of = (now: number, prices = new Map([['USD' as const, point]])) =>
      currentPrice({
        config: { prices, decimals: 18 },
        currency: 'USD',
        now: new Date(now),
        priceMaxAgeMs: 1_000,
      })
    expect(of(1_000).price).toBe('2')
    expect(() => of(1_001)).toThrow(PriceStale)
    expect(() => of(0, new Map())).toThrow(PriceMissing)
  })
})
