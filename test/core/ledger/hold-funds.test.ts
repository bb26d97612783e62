import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FundsBook } from '#core/ledger/hold-funds.ts'

describe('FundsBook', () => {
  it('hands out the available balance and not a unit more', () => {
    const book = new FundsBook(new Map([['a', { settled: 100n, held: 30n }]]))
    expect(book.hold('a', 60n)).toBe(true)
    expect(book.hold('a', 11n)).toBe(false)
    expect(book.hold('a', 10n)).toBe(true)
    expect(book.available('a')).toBe(0n)
    expect(book.reservations.get('a')).toEqual({ held: 70n, pendingIn: 0n })
  })

  it('gives nothing from an account it does not know', () => {
    expect(new FundsBook(new Map()).hold('a', 1n)).toBe(false)
  })

  it('reserves nothing, not even nothing, for whoever is refused', () => {
    const book = new FundsBook(new Map([['a', { settled: 5n, held: 0n }]]))
    expect([book.hold('a', 6n), book.available('a')]).toEqual([false, 5n])
    expect(book.reservations.size).toBe(0)
  })

  it('lets a refused hold change nothing', () => {
    const book = new FundsBook(new Map([['a', { settled: 5n, held: 0n }]]))
    book.hold('a', 6n)
    expect(book.available('a')).toBe(5n)
  })

  it('does not spend money that is only on its way', () => {
    const book = new FundsBook(new Map([['a', { settled: 0n, held: 0n }]]))
    book.expect('a', 50n)
    expect(book.hold('a', 1n)).toBe(false)
  })

  it('never holds more than was available, whatever is asked in whatever order', () => {
    const asks = fc.array(fc.record({ account: fc.constantFrom('a', 'b'), amount: fc.bigInt(1n, 60n) }))
    fc.assert(
      fc.property(fc.bigInt(0n, 100n), fc.bigInt(0n, 100n), asks, (settledA, settledB, sequence) => {
        const book = new FundsBook(
          new Map([
            ['a', { settled: settledA, held: 0n }],
            ['b', { settled: settledB, held: 0n }],
          ]),
        )
        for (const { account, amount } of sequence) book.hold(account, amount)
        expect(book.reservations.get('a')?.held ?? 0n).toBeLessThanOrEqual(settledA)
        expect(book.reservations.get('b')?.held ?? 0n).toBeLessThanOrEqual(settledB)
      }),
    )
  })
})

describe('a checkpoint of FundsBook', () => {
  it('puts every reservation back, whatever was asked since', () => {
    const asks = fc.array(fc.record({ account: fc.constantFrom('a', 'b'), amount: fc.bigInt(1n, 60n) }))
    fc.assert(
      fc.property(asks, asks, (before, after) => {
        const book = new FundsBook(new Map(['a', 'b'].map((id) => [id, { settled: 100n, held: 0n }])))
        const ask = (sequence: typeof before) => {
          for (const { account, amount } of sequence) {
            if (book.hold(account, amount)) book.expect('b', amount)
          }
        }
        ask(before)
        const expected = structuredClone([...book.reservations])
        const restore = book.checkpoint()
        ask(after)
        restore()
        expect([...book.reservations]).toEqual(expected)
      }),
    )
  })
})
