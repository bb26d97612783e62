import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { deviatesFrom, toScale } from '#core/rule/deviates-from.ts'
import { type PriceInForce, toTokensDown, usablePrice } from '#core/rule/usable-price.ts'
import { tokenPriceUp } from '#core/oracle/read-prices.ts'
import { parseDecimal } from '#core/shared/money.ts'

const AS_OF = new Date('2026-11-21T12:00:00Z')
const HOUR_MS = 3_600_000

function ofChain(usableForMs: number, change: Partial<PriceInForce> = {}): PriceInForce {
  const onChain = {
    valuePrice: '0.05',
    rate: 100n,
    rateDecimals: 0,
    usableUntil: new Date(AS_OF.getTime() + usableForMs),
    blockNumber: 7n,
    blockHash: '0x',
  }
  return { price: '0.0005', asOf: AS_OF, source: 'chain', deviates: false, onChain, ...change }
}

const at = (afterMs: number, priceMaxAgeMs = HOUR_MS) => ({
  now: new Date(AS_OF.getTime() + afterMs),
  priceMaxAgeMs,
})
const refusal = (price: PriceInForce | undefined, when: ReturnType<typeof at>) => {
  try {
    usablePrice('USD', price, when)
    return null
  } catch (error) {
    return error as Error & { code: string; details: Record<string, unknown> }
  }
}

describe('a price of the chain', () => {
  it.each([
    ['the pricer’s limit', 60_000, HOUR_MS],
    ['the platform’s limit', HOUR_MS, 60_000],
  ])('is used up to %s and no longer', (_which, usableForMs, priceMaxAgeMs) => {
    const price = ofChain(usableForMs)
    expect(refusal(price, at(60_000, priceMaxAgeMs))).toBeNull()
    const refused = refusal(price, at(60_001, priceMaxAgeMs))
    expect(refused).toMatchObject({ code: 'price_stale', details: { currency: 'USD', max_age_seconds: 60 } })
    expect(refused?.message).toContain('feeders')
  })

  it('is not used while it is a jump, nor is a feed’s; where there is none, that is said', () => {
    expect(refusal(ofChain(HOUR_MS, { deviates: true }), at(0))).toMatchObject({ code: 'price_deviates' })
    const ofFeed = { price: '2', asOf: AS_OF, source: 'feed' as const, deviates: true, onChain: null }
    expect(refusal(ofFeed, at(0))?.message).toMatch(/try again|tokens/)
    expect(refusal(undefined, at(0))).toMatchObject({ code: 'price_missing' })
  })
})

const price18 = fc.bigInt({ min: 1n, max: 10n ** 36n })
const terms = fc.record({
  rate: fc.bigInt({ min: 1n, max: 2n ** 96n - 1n }),
  rateDecimals: fc.integer({ min: 0, max: 5 }),
  decimals: fc.integer({ min: 0, max: 18 }),
})
const text = (value: bigint, places: number) => {
  const digits = value.toString().padStart(places + 1, '0')
  return `${digits.slice(0, -places)}.${digits.slice(-places)}`
}

describe('the conversion at a price of the chain', () => {
  it('is PricerRule’s, to the unit', () => {
    fc.assert(
      fc.property(price18, fc.bigInt({ min: 0n, max: 10n ** 30n }), terms, (value, micros, of) => {
        const price = ofChain(HOUR_MS, {
          onChain: { ...ofChain(1).onChain, ...of, valuePrice: text(value, 18) } as PriceInForce['onChain'] &
            object,
        })
        const units = toTokensDown(parseDecimal(text(micros, 6)), price, of.decimals)
        // Math.mulDiv(fiatAmount, rate * 10 ** utilityDecimals, price * 10 ** rateDecimals)
        const fiat18 = micros * 10n ** 12n
        const numerator = fiat18 * of.rate * 10n ** BigInt(of.decimals)
        const denominator = value * 10n ** BigInt(of.rateDecimals)
        expect(units).toBe(numerator / denominator)
        // In the payer's favour, by less than one base unit.
        expect(units * denominator <= numerator && (units + 1n) * denominator > numerator).toBe(true)
      }),
    )
  })

  it('is shown with a price that is never lower than the true one, and less than 10^-18 above it', () => {
    fc.assert(
      fc.property(price18, terms, (value, { rate, rateDecimals }) => {
        const shown = toScale(tokenPriceUp(text(value, 18), rate, rateDecimals))
        const exact = value * 10n ** BigInt(rateDecimals)
        expect(shown * rate >= exact && (shown - 1n) * rate < exact).toBe(true)
      }),
    )
  })
})

describe('deviatesFrom', () => {
  it('draws the line where PricerRule draws it', () => {
    fc.assert(
      fc.property(price18, price18, fc.integer({ min: 1, max: 20_000 }), (value, before, bps) => {
        const difference = value > before ? value - before : before - value
        expect(deviatesFrom(text(value, 18), text(before, 18), bps)).toBe(
          difference * 10_000n > before * BigInt(bps),
        )
      }),
    )
    expect(deviatesFrom('1.1', '1', 1_000)).toBe(false)
    expect(deviatesFrom('1.100000000000000001', '1', 1_000)).toBe(true)
    expect(deviatesFrom('0.9', '1', 1_000)).toBe(false)
  })
})
