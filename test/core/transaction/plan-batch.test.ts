import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PaymentLeg, QueuedPayment } from '#core/chain/queued-payment.ts'
import { AMOUNT_MAX } from '#core/shared/money.ts'
import { BATCH_PAYMENTS_MAX, planBatch, TRANSACTION_GAS_MAX } from '#core/transaction/plan-batch.ts'

const hex = (bytes: number) => fc.uint8Array({ minLength: bytes, maxLength: bytes })
const leg: fc.Arbitrary<PaymentLeg> = fc.record({
  recipient: hex(20).map((bytes) => `0x${Buffer.from(bytes).toString('hex')}`),
  amount: fc.bigInt({ min: 1n, max: AMOUNT_MAX }),
  isFresh: fc.boolean(),
})
const payment: fc.Arbitrary<QueuedPayment> = fc.record({
  transactionId: fc.uuid(),
  payerSalt: hex(12),
  legs: fc.array(leg, { minLength: 1, maxLength: 4 }),
})
const payments = fc.array(payment, { maxLength: 60 })

describe('planBatch', () => {
  it('packs payments so that reading them gives the same payments in the same order', () => {
    fc.assert(
      fc.property(payments, (queued) => {
        const plan = planBatch(queued)
        expect(unpack(plan.payments)).toEqual(
          queued.map(({ payerSalt, legs }) => ({
            payerSalt: Buffer.from(payerSalt).toString('hex'),
            legs: legs.map(({ recipient, amount }) => ({ recipient, amount })),
          })),
        )
        expect(plan.transactionIds).toEqual(queued.map(({ transactionId }) => transactionId))
      }),
    )
  })

  it('takes the longest beginning that fits the gas bound, and never more', () => {
    fc.assert(
      fc.property(payments, fc.bigInt({ min: 0n, max: 2_000_000n }), (queued, gasMax) => {
        const plan = planBatch(queued, gasMax)
        const taken = plan.transactionIds.length
        expect(plan.transactionIds).toEqual(queued.slice(0, taken).map(({ transactionId }) => transactionId))
        if (taken > 0) expect(plan.gasLimit).toBeLessThanOrEqual(gasMax)
        if (taken < queued.length) {
          expect(planBatch(queued.slice(0, taken + 1)).gasLimit).toBeGreaterThan(gasMax)
        }
      }),
    )
  })

  it('stays under the cap of EIP-7825 however long the queue is', () => {
    const queued = Array.from({ length: 2_000 }, (_, index) => aPayment(index, true))
    const plan = planBatch(queued)
    expect(plan.gasLimit).toBeLessThanOrEqual(TRANSACTION_GAS_MAX)
    expect(plan.transactionIds.length).toBeGreaterThan(500)
    expect(plan.transactionIds.length).toBeLessThan(BATCH_PAYMENTS_MAX)
  })

  it('carries a thousand payments between existing holders', () => {
    const queued = Array.from({ length: 2_000 }, (_, index) => aPayment(index, false))
    expect(planBatch(queued).transactionIds).toHaveLength(BATCH_PAYMENTS_MAX)
  })

  it('counts a fresh recipient once', () => {
    const twice = [aPayment(1, true), aPayment(1, true)]
    const apart = [aPayment(1, true), aPayment(2, true)]
    expect(planBatch(twice).gasLimit).toBeLessThan(planBatch(apart).gasLimit)
  })

  it('makes an empty plan of an empty queue', () => {
    expect(planBatch([])).toMatchObject({ transactionIds: [], payments: Buffer.alloc(0) })
  })

  it.each([0n, -1n, AMOUNT_MAX + 1n])('refuses the amount %s, which the encoding cannot carry', (amount) => {
    const broken = {
      ...aPayment(1, false),
      legs: [{ recipient: `0x${'11'.repeat(20)}`, amount, isFresh: false }],
    }
    expect(() => planBatch([broken])).toThrow('an amount is positive and fits 12 bytes')
  })
})

function aPayment(index: number, isFresh: boolean): QueuedPayment {
  const recipient = `0x${index.toString(16).padStart(40, '0')}`
  return {
    transactionId: `${index}`,
    payerSalt: new Uint8Array(12),
    legs: [{ recipient, amount: 1n, isFresh }],
  }
}

/** As contracts/src/libraries/PackedBatchLib.sol reads it. */
function unpack(bytes: Uint8Array): { payerSalt: string; legs: { recipient: string; amount: bigint }[] }[] {
  const packed = Buffer.from(bytes)
  const read = []
  let position = 0
  while (position < packed.length) {
    const payerSalt = packed.subarray(position, position + 12).toString('hex')
    const count = packed.readUInt8(position + 12)
    position += 13
    const legs = []
    for (let index = 0; index < count; index += 1, position += 32) {
      const recipient = `0x${packed.subarray(position, position + 20).toString('hex')}`
      legs.push({
        recipient,
        amount: BigInt(`0x${packed.subarray(position + 20, position + 32).toString('hex')}`),
      })
    }
    read.push({ payerSalt, legs })
  }
  return read
}
