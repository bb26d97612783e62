import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type PriceTransaction, priceTransaction } from '#core/rule/price-transaction.ts'
import type { Pricing } from '#core/rule/transaction-type.ts'
import { AMOUNT_MAX, parseDecimal } from '#core/shared/money.ts'

const NOW = new Date('2026-11-21T12:00:00Z')
const HOUR_MS = 3_600_000

function price(type: Pricing, input: Partial<PriceTransaction> = {}) {
  return priceTransaction({ type, tokenDecimals: 18, now: NOW, priceMaxAgeMs: HOUR_MS, ...input })
}

const token = (amount: bigint | null, commission: Pricing['commission'] = null): Pricing =>
  // The token's amounts are bigints, which is what the callers pass.
  ({ currency: 'token', amount, commission }) as Pricing
const usd = (amount: string | null, commission: Pricing['commission'] = null): Pricing =>
  ({ currency: 'USD', amount, commission }) as Pricing

describe('priceTransaction in tokens', () => {
  it('takes the fixed amount of the type', () => {
    expect(price(token(5n))).toEqual({ amount: 5n, commission: 0n, amountFiat: null, price: null })
  })

  it('takes the amount of the transaction where the type leaves it open', () => {
    expect(price(token(null), { amount: '7' }).amount).toBe(7n)
  })

  it.each([
    ['is missing', token(null), undefined],
    ['is null', token(null), null],
    ['is given although the type fixes it', token(5n), '5'],
    ['is zero', token(null), '0'],
    ['is negative', token(null), '-1'],
    ['has a decimal point', token(null), '1.5'],
    ['has leading zeros', token(null), '007'],
    ['is no number', token(null), 'ten'],
    ['is empty', token(null), ''],
    ['is hexadecimal', token(null), '0x10'],
    ['is larger than a payment may be', token(null), (AMOUNT_MAX + 1n).toString()],
  ])('refuses an amount that %s, pointing at it', (_what, type, amount) => {
    expect(() => price(type, amount === undefined ? {} : { amount })).toThrow(
      expect.objectContaining({
        code: 'invalid_amount',
        fields: [{ pointer: '/amount', detail: expect.any(String) }],
      }),
    )
  })

  it('accepts the largest amount', () => {
    expect(price(token(null), { amount: AMOUNT_MAX.toString() }).amount).toBe(AMOUNT_MAX)
  })

  it('adds a commission in basis points on top, rounded down', () => {
    expect(price(token(null, { kind: 'bps', bps: 250 }), { amount: '399' })).toMatchObject({
      amount: 399n,
      commission: 9n,
    })
  })

  it('adds a fixed commission on top', () => {
    expect(price(token(5n, { kind: 'fixed', amount: 2n } as Pricing['commission'])).commission).toBe(2n)
  })

  it('takes an arbitrary commission from the transaction, zero included', () => {
    const type = token(5n, { kind: 'arbitrary' })
    expect(price(type, { commission: '3' }).commission).toBe(3n)
    expect(price(type, { commission: '0' }).commission).toBe(0n)
  })

  it.each([
    ['is missing where the type leaves it open', token(5n, { kind: 'arbitrary' }), undefined],
    ['is given where the type has none', token(5n), '1'],
    ['is given where the type fixes it', token(5n, { kind: 'bps', bps: 1 }), '1'],
    ['is no number', token(5n, { kind: 'arbitrary' }), 'x'],
    ['is too large', token(5n, { kind: 'arbitrary' }), (AMOUNT_MAX + 1n).toString()],
  ])('refuses a commission that %s, pointing at it', (_what, type, commission) => {
    expect(() => price(type, commission === undefined ? {} : { commission })).toThrow(
      expect.objectContaining({
        code: 'invalid_commission',
        fields: [{ pointer: '/commission', detail: expect.any(String) }],
      }),
    )
  })
})

describe('priceTransaction in a fiat currency', () => {
  const fresh = { price: '0.25', asOf: new Date(NOW.getTime() - 60_000) }

  it('converts at the latest price and says with which', () => {
    expect(price(usd('1.5'), { price: fresh })).toEqual({
      amount: 6n * 10n ** 18n,
      commission: 0n,
      amountFiat: '1.5',
      price: '0.25',
    })
  })

  it('keeps the amount as the transaction stated it, without superfluous zeros', () => {
    expect(price(usd(null), { amount: '2.50', price: fresh }).amountFiat).toBe('2.5')
  })

  it('converts fixed and arbitrary commissions, and takes basis points of the converted amount', () => {
    expect(
      price(usd('1', { kind: 'fixed', amount: '0.5' } as Pricing['commission']), { price: fresh }).commission,
    ).toBe(2n * 10n ** 18n)
    expect(price(usd('1', { kind: 'arbitrary' }), { commission: '0.25', price: fresh }).commission).toBe(
      10n ** 18n,
    )
    expect(price(usd('1', { kind: 'bps', bps: 100 }), { price: fresh }).commission).toBe(4n * 10n ** 16n)
  })

  it.each(['1.2345678', '1,5', '1.', '.5', '-1', '1e3', '0', '0.000000'])(
    'refuses the amount %j',
    (amount) => {
      expect(() => price(usd(null), { amount, price: fresh })).toThrow(
        expect.objectContaining({ code: 'invalid_amount' }),
      )
    },
  )

  it('refuses an amount that is worth less than one base unit, saying what the smallest is', () => {
    expect(() => price(usd('0.1'), { tokenDecimals: 0, price: fresh })).toThrow(/smallest is about 0\.25 USD/)
  })

  it('refuses an amount that converts to more than a payment may be', () => {
    expect(() => price(usd('99999999999999999999'), { price: fresh })).toThrow(
      expect.objectContaining({ code: 'invalid_amount' }),
    )
  })

  it('refuses without a price, saying how to record one', () => {
    expect(() => price(usd('1'))).toThrow(
      expect.objectContaining({
        code: 'price_missing',
        message: expect.stringContaining('POST /v3/price-points'),
      }),
    )
  })

  it('refuses a stale price, saying how old it is and what to do', () => {
    const stale = { price: '0.25', asOf: new Date(NOW.getTime() - HOUR_MS - 90_000) }
    expect(() => price(usd('1'), { price: stale })).toThrow(
      expect.objectContaining({
        code: 'price_stale',
        message:
          'The latest USD price is 1 hour 1 minute old; prices older than 1 hour are not used. Record a fresh one with POST /v3/price-points, then try again.',
        details: {
          currency: 'USD',
          as_of: stale.asOf.toISOString(),
          age_seconds: 3_690,
          max_age_seconds: 3_600,
        },
      }),
    )
  })

  it('uses a price of exactly the maximum age', () => {
    const old = { price: '0.25', asOf: new Date(NOW.getTime() - HOUR_MS) }
    expect(price(usd('1'), { price: old }).amount).toBe(4n * 10n ** 18n)
  })
})

describe('priceTransaction never works against the payer', () => {
  const fiatText = fc
    .tuple(fc.bigInt(0n, 10n ** 9n), fc.nat({ max: 999_999 }))
    .map(([whole, fraction]) => `${whole}.${fraction.toString().padStart(6, '0')}`)
  const priceText = fc
    .tuple(fc.bigInt(0n, 10n ** 6n), fc.bigInt(1n, 10n ** 18n - 1n))
    .map(([whole, fraction]) => `${whole}.${fraction.toString().padStart(18, '0')}`)

  it('takes at most what the fiat amount is worth, and less than one base unit less', () => {
    fc.assert(
      fc.property(fiatText, priceText, fc.integer({ min: 0, max: 18 }), (fiat, perToken, tokenDecimals) => {
        let amount: bigint
        try {
          amount = price(usd(null), {
            amount: fiat,
            tokenDecimals,
            price: { price: perToken, asOf: NOW },
          }).amount
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid_amount' })
          return
        }
        // In units of 10^-(18 + decimals) fiat: amount × price ≤ fiat < (amount + 1) × price.
        const worth = parseDecimal(fiat).units * 10n ** BigInt(18 - 6 + tokenDecimals)
        const perUnit = parseDecimal(perToken).units
        expect(amount * perUnit).toBeLessThanOrEqual(worth)
        expect((amount + 1n) * perUnit).toBeGreaterThan(worth)
      }),
    )
  })

  it('takes at most its share as commission, and less than one base unit less', () => {
    fc.assert(
      fc.property(fc.bigInt(1n, AMOUNT_MAX), fc.integer({ min: 1, max: 10_000 }), (amount, bps) => {
        const { commission } = price(token(null, { kind: 'bps', bps }), { amount: amount.toString() })
        expect(commission * 10_000n).toBeLessThanOrEqual(amount * BigInt(bps))
        expect((commission + 1n) * 10_000n).toBeGreaterThan(amount * BigInt(bps))
      }),
    )
  })

  it('keeps every leg within the bounds of a payment', () => {
    const amountText = fc.bigInt(0n, 2n ** 100n).map(String)
    fc.assert(
      fc.property(amountText, amountText, (amount, commission) => {
        try {
          const priced = price(token(null, { kind: 'arbitrary' }), { amount, commission })
          expect(priced.amount > 0n && priced.amount <= AMOUNT_MAX).toBe(true)
          expect(priced.commission >= 0n && priced.commission <= AMOUNT_MAX).toBe(true)
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^invalid_(amount|commission)$/) })
        }
      }),
    )
  })
})
