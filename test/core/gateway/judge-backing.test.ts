import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BackingFacts, judgeBacking } from '#core/gateway/judge-backing.ts'

const TERMS = { valueDecimals: 6, utilityDecimals: 18, rate: 12_345n, rateDecimals: 2 }

function facts(of: Partial<BackingFacts>): BackingFacts {
  return {
    terms: TERMS,
    held: 0n,
    staked: 0n,
    inFlight: 0n,
    found: { inFlight: 0n, minted: 0n },
    supply: 0n,
    redeemedSupply: 0n,
    ...of,
  }
}

/** As the gateways convert: floors of mulDiv. */
function unitsOf({ rate, utilityDecimals, rateDecimals, valueDecimals }: BackingFacts['terms']) {
  return [rate * 10n ** BigInt(utilityDecimals), 10n ** BigInt(rateDecimals + valueDecimals)] as const
}

const terms = fc.record({
  valueDecimals: fc.integer({ min: 0, max: 18 }),
  utilityDecimals: fc.integer({ min: 0, max: 18 }),
  rateDecimals: fc.integer({ min: 0, max: 5 }),
  rate: fc.bigInt({ min: 1n, max: 2n ** 96n - 1n }),
})
/** Parts of what can be moved, in thousandths. */
const moves = fc.array(
  fc.record({
    isStake: fc.boolean(),
    amount: fc.bigInt({ min: 1n, max: 10n ** 30n }),
    steps: fc.integer({ min: 0, max: 3 }),
  }),
  { maxLength: 30 },
)

describe('judgeBacking', () => {
  it('holds after any stakes and redemptions, each stopped at any step, to the unit', () => {
    fc.assert(
      fc.property(terms, moves, (of, messages) => {
        const [u, v] = unitsOf(of)
        const state = facts({ terms: of })
        for (const { isStake, amount, steps } of messages) {
          if (isStake) stake(state, amount, (amount * u) / v, steps)
          else redeem(state, amount, (part: bigint) => (part * v) / u, steps)
        }
        expect(judgeBacking(state)).toMatchObject({ holds: true, problems: [] })
      }),
    )
  })

  it('misses one base unit of value as soon as the supply needs it', () => {
    fc.assert(
      fc.property(terms, fc.bigInt({ min: 1n, max: 10n ** 30n }), (of, supply) => {
        const [u, v] = unitsOf(of)
        const needed = (supply * v + u - 1n) / u
        const enough = facts({ terms: of, supply, staked: needed, held: needed })
        expect(judgeBacking(enough)).toMatchObject({ holds: true, needed })
        const short = { ...enough, staked: needed - 1n }
        expect(judgeBacking(short).holds).toBe(false)
      }),
    )
  })

  it('tells a vault that owns less than it counts, and a log that is not complete', () => {
    expect(judgeBacking(facts({ staked: 5n, held: 4n })).problems[0]).toContain('value is gone')
    expect(judgeBacking(facts({ inFlight: 5n, held: 5n })).problems[0]).toContain('not complete')
  })

  it('shows the ratio rounded down', () => {
    const all = facts({ terms: { ...TERMS, rate: 100n }, staked: 2n, held: 2n, supply: 3n * 10n ** 12n })
    expect(judgeBacking(all)).toMatchObject({ needed: 3n, ratio: '0.666666' })
    expect(judgeBacking(facts({})).ratio).toBeNull()
  })
})

/** 0: declared · 1: minted as well · 2 and more: finished. */
function stake(state: BackingFacts, amount: bigint, minted: bigint, steps: number): void {
  state.held += amount
  if (steps >= 1) state.supply += minted
  if (steps >= 2) {
    state.staked += amount
    return
  }
  state.inFlight += amount
  state.found.inFlight += amount
  if (steps >= 1) state.found.minted += amount
}

/** 0: in escrow · 1: paid as well · 2 and more: burned. A part of what there is that is nobody's redemption yet. */
function redeem(state: BackingFacts, share: bigint, toValue: (part: bigint) => bigint, steps: number): void {
  const free = state.supply - state.redeemedSupply
  const amount = free === 0n ? 0n : share % (free + 1n)
  if (steps === 0 || toValue(amount) > state.staked) return
  state.staked -= toValue(amount)
  state.held -= toValue(amount)
  if (steps === 1) state.redeemedSupply += amount
  else state.supply -= amount
}
