import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { matchPayments } from '#core/chain/match-payments.ts'
import type { QueuedPayment } from '#core/chain/queued-payment.ts'

const salt = (payer: number) => Buffer.alloc(12, payer)
const recipient = (to: number) => `0x${String(to).padStart(40, '0')}`
const payment = (payer: number, to: number, amount: bigint) => ({
  payerSalt: salt(payer),
  legs: [{ recipient: recipient(to), amount, isFresh: false }],
})
const queued = (transactionId: string, payer: number, to: number, amount: bigint): QueuedPayment => ({
  transactionId,
  ...payment(payer, to, amount),
})
const NONE = new Set<number>()

describe('matchPayments', () => {
  it('takes equal payers, recipients and amounts for the same payment, the oldest first', () => {
    const waiting = [queued('a', 1, 2, 5n), queued('b', 1, 2, 5n), queued('c', 1, 3, 5n)]
    expect(matchPayments([payment(1, 2, 5n), payment(1, 3, 5n)], waiting, NONE)).toEqual([
      { transactionId: 'a', index: 0 },
      { transactionId: 'c', index: 1 },
    ])
  })

  it('matches nothing that differs in anything, the order of legs included', () => {
    const [first] = [queued('a', 1, 2, 5n)]
    const second = { recipient: recipient(9), amount: 1n, isFresh: false }
    const twoLegs = { ...first, legs: [...first.legs, second] }
    const turned = { payerSalt: salt(1), legs: [second, ...first.legs] }
    for (const other of [payment(2, 2, 5n), payment(1, 3, 5n), payment(1, 2, 6n)])
      expect(matchPayments([other], [first], NONE)).toEqual([])
    expect(matchPayments([first], [twoLegs], NONE)).toEqual([])
    expect(matchPayments([turned], [twoLegs], NONE)).toEqual([])
    expect(matchPayments([twoLegs], [twoLegs], NONE)).toHaveLength(1)
  })

  it('matches no payment that the chain has skipped', () => {
    const waiting = [queued('a', 1, 2, 5n)]
    expect(matchPayments([payment(1, 2, 5n)], waiting, new Set([0]))).toEqual([])
    expect(matchPayments([payment(1, 2, 5n), payment(1, 2, 5n)], waiting, new Set([0]))).toEqual([
      { transactionId: 'a', index: 1 },
    ])
  })

  it('uses each transaction and each payment at most once, and as many as both sides have', () => {
    const small = fc.record({
      payer: fc.integer({ min: 0, max: 1 }),
      to: fc.integer({ min: 0, max: 1 }),
      amount: fc.bigInt({ min: 1n, max: 2n }),
    })
    fc.assert(
      fc.property(fc.array(small), fc.array(small), (sent, waiting) => {
        const matched = matchPayments(
          sent.map(({ payer, to, amount }) => payment(payer, to, amount)),
          waiting.map(({ payer, to, amount }, index) => queued(String(index), payer, to, amount)),
          NONE,
        )
        const keyOf = ({ payer, to, amount }: (typeof sent)[number]) => `${payer} ${to} ${amount}`
        const counts = Map.groupBy(sent, keyOf)
        const expected = [...counts].reduce(
          (sum, [key, same]) =>
            sum + Math.min(same.length, waiting.filter((one) => keyOf(one) === key).length),
          0,
        )
        expect(matched).toHaveLength(expected)
        expect(new Set(matched.map(({ transactionId }) => transactionId)).size).toBe(expected)
        expect(new Set(matched.map(({ index }) => index)).size).toBe(expected)
      }),
    )
  })
})
