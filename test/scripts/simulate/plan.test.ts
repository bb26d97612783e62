import { describe, expect, it } from 'vitest'
import type { Act, PlannedTransfer } from '#scripts/simulate/act.ts'
import { planActs } from '#scripts/simulate/plan.ts'
import { DAILY_LIMIT_RULE, planWorld, type World, type WorldSize } from '#scripts/simulate/world.ts'

const SIZE: WorldSize = { seed: 'plan', economies: 3, users: 90, transfers: 3_000 }

describe('the plan of a simulation', () => {
  it('is the same for the same seed, and another one for another seed', () => {
    const planOf = (size: WorldSize) => jsonOf([...planActs(planWorld(size))])
    expect(planOf(SIZE)).toBe(planOf({ ...SIZE }))
    expect(planOf(SIZE)).not.toBe(planOf({ ...SIZE, seed: 'other' }))
  })

  it('has exactly as many transfers as were asked for, numbered in order', () => {
    for (const transfers of [1, 7, 3_000]) {
      const numbers = transfersOf(planWorld({ ...SIZE, transfers })).map(({ transfer }) => transfer.number)
      expect(numbers).toEqual(Array.from({ length: transfers }, (_, index) => index + 1))
    }
  })

  it('mixes singles, batches, sequences and every manner of repeating', () => {
    const acts = [...planActs(planWorld({ ...SIZE, transfers: 20_000 }))]
    expect(new Set(acts.map((act) => act.kind))).toEqual(new Set(['single', 'batch', 'sequence']))
    const manners = new Set(acts.map((act) => (act.kind === 'single' ? act.manner : 'once')))
    expect(manners).toEqual(new Set(['once', 'replay', 'twin', 'hasty', 'reuse']))
    const batched = acts.reduce((sum, act) => sum + (act.kind === 'batch' ? act.transfers.length : 0), 0)
    expect(batched / 20_000).toBeGreaterThan(0.2)
    expect(batched / 20_000).toBeLessThan(0.6)
  })

  it('expects every kind of refusal, and about a tenth of them', () => {
    const expected = transfersOf(planWorld({ ...SIZE, transfers: 20_000 })).map(
      ({ transfer }) => transfer.expect,
    )
    const codes = new Set(expected.flatMap((one) => (one.outcome === 'refused' ? [one.code] : [])))
    expect(codes).toEqual(
      new Set([
        'insufficient_funds',
        'rule_violated',
        'invalid_amount',
        'user_not_found',
        'invalid_parties',
        'transaction_type_not_found',
      ]),
    )
    const refused = expected.filter((one) => one.outcome === 'refused').length / expected.length
    expect(refused).toBeGreaterThan(0.08)
    expect(refused).toBeLessThan(0.15)
  })

  it('never lets an accepted payment depend on what comes in: spending stays within what was given', () => {
    const world = planWorld({ ...SIZE, users: 18, transfers: 20_000 })
    const spent = new Map<string, bigint>()
    for (const { economy, transfer } of transfersOf(world)) {
      if (transfer.expect.outcome === 'refused') continue
      const payer = `${economy}/${transfer.expect.from}`
      spent.set(payer, (spent.get(payer) ?? 0n) + transfer.expect.amount + transfer.expect.commission)
    }
    for (const economy of world.economies) {
      for (const [position, user] of economy.users.entries()) {
        const total = spent.get(`${economy.index}/${position}`) ?? 0n
        expect(total).toBeLessThanOrEqual(user.role === 'spender' ? economy.start : economy.dailyLimit)
      }
      const company = spent.get(`${economy.index}/company`) ?? 0n
      expect(company + economy.start * BigInt(economy.users.length)).toBeLessThanOrEqual(economy.initialGrant)
    }
  })

  it('asks for more than there is when it plans an overdraft, or for more than is left at the end of a sequence', () => {
    const world = planWorld(SIZE)
    for (const { economy, transfer, isLast } of transfersOf(world)) {
      if (transfer.expect.outcome === 'accepted' || transfer.expect.code !== 'insufficient_funds') continue
      if (isLast) continue
      expect(BigInt(transfer.amount ?? 0)).toBeGreaterThan(world.economies[economy]?.initialGrant ?? 0n)
    }
  })

  it('ends every sequence one step beyond: all the money spent, or the daily limit reached', () => {
    const world = planWorld({ ...SIZE, transfers: 20_000 })
    const sequences = [...planActs(world)].filter((act) => act.kind === 'sequence')
    expect(sequences.length).toBeGreaterThan(3)
    for (const { economy, transfers } of sequences) {
      const plan = world.economies[economy]
      const last = transfers.at(-1)?.expect
      const total = transfers.reduce(
        (sum, { expect: one }) => sum + (one.outcome === 'accepted' ? one.amount + one.commission : 0n),
        0n,
      )
      if (last?.outcome !== 'refused' || !plan) throw new Error('a sequence ends with a refusal')
      if (last.code === 'insufficient_funds') expect(total).toBe(plan.start)
      else {
        expect(last.rule).toBe(DAILY_LIMIT_RULE)
        const amount = BigInt(transfers.at(-1)?.amount ?? 0)
        expect(total).toBeLessThanOrEqual(plan.dailyLimit)
        expect(total + amount).toBeGreaterThan(plan.dailyLimit)
      }
    }
  })

  it('pays nobody who plays alone', () => {
    const world = planWorld(SIZE)
    for (const { economy, transfer } of transfersOf(world)) {
      if (typeof transfer.to !== 'number') continue
      expect(world.economies[economy]?.users[transfer.to]?.role).toBe('ordinary')
    }
  })
})

function transfersOf(world: World): { economy: number; transfer: PlannedTransfer; isLast: boolean }[] {
  return [...planActs(world)].flatMap((act: Act) => {
    const transfers = act.kind === 'single' ? [act.transfer] : act.transfers
    return transfers.map((transfer, index) => ({
      economy: act.economy,
      transfer,
      isLast: act.kind === 'sequence' && index === transfers.length - 1,
    }))
  })
}

function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) => (typeof part === 'bigint' ? part.toString() : part))
}
