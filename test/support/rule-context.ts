import type { ActivityWindows, RuleContext } from '#core/rule/evaluate-rules.ts'

const NOTHING: ActivityWindows = {
  hour: { count: 0, sum: 0n },
  day: { count: 0, sum: 0n },
  month: { count: 0, sum: 0n },
}

/** A transaction as rules see it: one user tips another ten whole tokens of 18 decimals, on a Saturday at noon. */
export function aRuleContext(
  change: {
    [Part in 'tx' | 'type' | 'sender' | 'recipient']?: Partial<RuleContext[Part]>
  } & { window?: Partial<RuleContext['window']> } = {},
): RuleContext {
  const party = {
    type: 'user',
    isVerified: false,
    metadata: {},
    createdAt: new Date('2026-11-01T00:00:00Z'),
  } as const
  return {
    tx: {
      amount: 10n ** 19n,
      commission: 10n ** 17n,
      metadata: {},
      createdAt: new Date('2026-11-21T12:00:00Z'),
      ...change.tx,
    },
    type: { id: '01930000-0000-7000-8000-000000000003', name: 'tip', kind: 'user_to_user', ...change.type },
    sender: { id: '01930000-0000-7000-8000-000000000001', ...party, ...change.sender },
    recipient: { id: '01930000-0000-7000-8000-000000000002', ...party, ...change.recipient },
    window: { sender: NOTHING, type: NOTHING, ...change.window },
  }
}
