import { Random } from '#scripts/simulate/random.ts'
import { expect, it } from 'vitest'
import {
  coverage,
  formatRate,
  parseRate,
  toUtilityDown,
  toValueDown,
  toValueUp,
} from '#core/gateway/backing.ts'

const ADDRESS = `0x${'1'.repeat(40)}`
const random = new Random('backing')
const pick = (max: number) => random.between(0, max)

function someTerms() {
  return {
    valueToken: ADDRESS,
    valueDecimals: pick(18),
    utilityToken: ADDRESS,
    utilityDecimals: pick(18),
    rate: BigInt(1 + pick(1_000_000)),
    rateDecimals: pick(5),
    holderFactory: ADDRESS,
    holderInitCodeHash: ADDRESS,
  }
}

it('never turns value into tokens and back into more', () => {
  for (let round = 0; round < 2_000; round += 1) {
    const terms = someTerms()
    const value = BigInt(1 + pick(1_000_000)) * 10n ** BigInt(pick(24))
    const minted = toUtilityDown(terms, value)
    expect(toValueDown(terms, minted)).toBeLessThanOrEqual(value)
    // What was staked for it is always enough for what it is worth.
    expect(toValueUp(terms, minted)).toBeLessThanOrEqual(value)
    if (minted > 0n) {
      expect(Number(coverage(terms, value, minted))).toBeGreaterThanOrEqual(1)
    }
  }
})

it('reads a rate as it is written, and writes it as it was read', () => {
  for (const text of ['100', '0.25', '0.00001', '12.50000']) {
    const rate = parseRate(text)
    expect(rate && formatRate(rate)).toBe(text)
  }
  for (const text of ['0', '0.0', '-1', '1e3', '1.', '.5', '1.123456', '', `${2n ** 96n}`]) {
    expect(parseRate(text)).toBeNull()
  }
})
