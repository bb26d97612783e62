import { describe, expect, it } from 'vitest'
import { evaluatePast } from '#core/rule/dry-run-token-rule.ts'
import type { CompiledExpression } from '#core/rule/rule-compiler.ts'
import type { PastTransaction } from '#core/rule/transaction-history.ts'
import { aRuleContext } from '#test/support/rule-context.ts'

const past = (id: string, at: string, amount: bigint, senderId = 'ada'): PastTransaction => ({
  id,
  context: aRuleContext({
    tx: { createdAt: new Date(at), amount, commission: 1n },
    sender: { id: senderId },
  }),
})
const rule = (evaluate: CompiledExpression['evaluate']): CompiledExpression => ({
  usesWindow: true,
  evaluate,
})

describe('evaluatePast', () => {
  it('counts what passes and what is refused, and shows the newest refused first', () => {
    const history = [1n, 5n, 2n, 7n].map((amount, index) => past(`t${index}`, '2026-11-21T12:00:00Z', amount))
    const run = evaluatePast(
      rule(({ tx }) => tx.amount < 5n),
      history,
    )
    expect(run).toMatchObject({ evaluated: 4, passed: 2, refused: 2, failed: 0 })
    expect(run.samples.map(({ transactionId, error }) => [transactionId, error])).toEqual([
      ['t3', null],
      ['t1', null],
    ])
  })

  it('counts what cannot be evaluated among the refused, and says why', () => {
    const run = evaluatePast(
      rule(() => {
        throw new Error('no such key')
      }),
      [past('t', '2026-11-21T12:00:00Z', 1n)],
    )
    expect(run).toMatchObject({ refused: 1, failed: 1, samples: [{ error: 'no such key' }] })
  })

  it('shows each transaction the earlier ones of its own hour, never itself, never another sender', () => {
    const seen: [number, bigint, number][] = []
    evaluatePast(
      rule(({ window }) => {
        seen.push([window.sender.hour.count, window.sender.day.sum, window.type.month.count])
        return true
      }),
      [
        past('a', '2026-11-21T12:00:00Z', 10n),
        past('b', '2026-11-21T12:30:00Z', 20n),
        past('c', '2026-11-21T12:40:00Z', 5n, 'bob'),
        past('d', '2026-11-21T12:59:59Z', 30n),
        past('e', '2026-11-21T13:00:00Z', 40n),
      ],
    )
    expect(seen).toEqual([
      [0, 0n, 0],
      [1, 11n, 1],
      [0, 0n, 2],
      [2, 32n, 3],
      [0, 0n, 0],
    ])
  })

  it('shows at most twenty', () => {
    const history = Array.from({ length: 30 }, (_, index) => past(`t${index}`, '2026-11-21T12:00:00Z', 1n))
    const { samples } = evaluatePast(
      rule(() => false),
      history,
    )
    expect(samples).toHaveLength(20)
    expect(samples[0]?.transactionId).toBe('t29')
  })
})
