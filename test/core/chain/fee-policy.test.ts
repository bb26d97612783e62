import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bumpedFees, coversBaseFee, feesFor } from '#core/chain/fee-policy.ts'

const GWEI = 1_000_000_000n
const fee = fc.bigInt({ min: 0n, max: 1_000_000n * GWEI })
const market = fc.record({ baseFeePerGas: fee, priorityFeePerGas: fee })

describe('feesFor', () => {
  it('offers twice the base fee and the tip', () => {
    expect(feesFor({ baseFeePerGas: 10n, priorityFeePerGas: 3n }, null)).toEqual({
      maxFeePerGas: 23n,
      maxPriorityFeePerGas: 3n,
    })
  })

  it('offers the cap where twice the base fee is above it', () => {
    expect(feesFor({ baseFeePerGas: 10n, priorityFeePerGas: 3n }, 15n)).toEqual({
      maxFeePerGas: 15n,
      maxPriorityFeePerGas: 3n,
    })
  })

  it('waits while inclusion in the next block costs more than the cap, and offers again afterwards', () => {
    expect(feesFor({ baseFeePerGas: 10n, priorityFeePerGas: 3n }, 12n)).toBeNull()
    expect(feesFor({ baseFeePerGas: 9n, priorityFeePerGas: 3n }, 12n)).not.toBeNull()
  })

  it('never offers more than the cap, nor a tip above the fee', () => {
    fc.assert(
      fc.property(market, fee, (now, cap) => {
        const fees = feesFor(now, cap)
        if (!fees) return
        expect(fees.maxFeePerGas).toBeLessThanOrEqual(cap)
        expect(fees.maxPriorityFeePerGas).toBeLessThanOrEqual(fees.maxFeePerGas)
        expect(coversBaseFee(fees, now)).toBe(true)
      }),
    )
  })
})

describe('bumpedFees', () => {
  it('raises both fees by at least 12.5 %, never above the cap, with the tip within the fee', () => {
    fc.assert(
      fc.property(market, market, fc.option(fee, { nil: null }), (then, now, cap) => {
        const offered = feesFor(then, null)
        const raised = offered && bumpedFees(offered, now, cap)
        if (!offered || !raised) return
        expect(raised.maxFeePerGas * 8n).toBeGreaterThanOrEqual(offered.maxFeePerGas * 9n)
        expect(raised.maxPriorityFeePerGas * 8n).toBeGreaterThanOrEqual(offered.maxPriorityFeePerGas * 9n)
        expect(raised.maxFeePerGas).toBeGreaterThan(offered.maxFeePerGas)
        expect(raised.maxPriorityFeePerGas).toBeGreaterThan(offered.maxPriorityFeePerGas)
        expect(raised.maxPriorityFeePerGas).toBeLessThanOrEqual(raised.maxFeePerGas)
        if (cap !== null) expect(raised.maxFeePerGas).toBeLessThanOrEqual(cap)
      }),
    )
  })

  it('follows the market when that asks for more', () => {
    const offered = { maxFeePerGas: 20n, maxPriorityFeePerGas: 2n }
    expect(bumpedFees(offered, { baseFeePerGas: 100n, priorityFeePerGas: 5n }, null)).toEqual({
      maxFeePerGas: 205n,
      maxPriorityFeePerGas: 5n,
    })
  })

  it('leaves the offer standing when a replacement would cost more than the cap', () => {
    const offered = { maxFeePerGas: 100n, maxPriorityFeePerGas: 1n }
    expect(bumpedFees(offered, { baseFeePerGas: 10n, priorityFeePerGas: 1n }, 110n)).toBeNull()
  })
})
