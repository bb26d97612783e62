import { describe, expect, it } from 'vitest'
import { type PricingDefinition, parsePricing, toPricingDefinition } from '#core/rule/transaction-type.ts'
import { AMOUNT_MAX } from '#core/shared/money.ts'

const definition = (change: Partial<PricingDefinition> = {}): PricingDefinition => ({
  kind: 'user_to_user',
  currency: 'token',
  amount: null,
  commission: null,
  ...change,
})

function fieldsOf(change: Partial<PricingDefinition>): string[] {
  try {
    parsePricing(definition(change))
    return []
  } catch (error) {
    expect(error).toMatchObject({ code: 'invalid_request' })
    // InvalidRequest has fields, as the line above makes sure of.
    return (error as { fields: { pointer: string }[] }).fields.map((field) => field.pointer)
  }
}

describe('parsePricing', () => {
  it('reads amounts in base units where the currency is the token', () => {
    expect(parsePricing(definition({ amount: '1500000000000000000', commission: { amount: '3' } }))).toEqual({
      currency: 'token',
      amount: 1_500_000_000_000_000_000n,
      commission: { kind: 'fixed', amount: 3n },
    })
  })

  it('reads decimal amounts where it is not', () => {
    expect(parsePricing(definition({ currency: 'EUR', amount: '12.50', commission: { bps: 250 } }))).toEqual({
      currency: 'EUR',
      amount: '12.5',
      commission: { kind: 'bps', bps: 250 },
    })
  })

  it('leaves amount and commission to each transaction', () => {
    expect(parsePricing(definition({ commission: { arbitrary: true } }))).toEqual({
      currency: 'token',
      amount: null,
      commission: { kind: 'arbitrary' },
    })
  })

  it.each<[string, Partial<PricingDefinition>, string[]]>([
    ['a decimal amount of tokens', { amount: '1.5' }, ['/amount']],
    ['an amount of zero', { amount: '0' }, ['/amount']],
    ['an amount beyond one payment', { amount: (AMOUNT_MAX + 1n).toString() }, ['/amount']],
    ['seven places of fiat', { currency: 'USD', amount: '0.1234567' }, ['/amount']],
    ['zero fiat', { currency: 'USD', amount: '0.00' }, ['/amount']],
    ['a commission of zero', { commission: { amount: '0' } }, ['/commission/amount']],
    ['too many basis points', { commission: { bps: 10_001 } }, ['/commission/bps']],
    ['half a basis point', { commission: { bps: 0.5 } }, ['/commission/bps']],
    ['a commission for the company', { kind: 'company_to_user', commission: { bps: 1 } }, ['/commission']],
    [
      'a commission of the company',
      { kind: 'user_to_company', commission: { arbitrary: true } },
      ['/commission'],
    ],
    [
      'everything at once',
      { kind: 'user_to_company', amount: 'x', commission: { amount: 'y' } },
      ['/commission', '/amount', '/commission/amount'],
    ],
  ])('names every wrong field: %s', (_what, change, pointers) => {
    expect(fieldsOf(change)).toEqual(pointers)
  })

  it.each<Partial<PricingDefinition>>([
    {},
    { amount: '5', commission: { bps: 100 } },
    { currency: 'GBP', amount: '0.000001', commission: { amount: '0.5' } },
    { commission: { arbitrary: true } },
  ])('is undone by toPricingDefinition: %j', (change) => {
    const before = definition(change)
    expect(toPricingDefinition({ kind: before.kind, ...parsePricing(before) })).toEqual(before)
  })
})
