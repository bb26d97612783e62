import { describe, expect, it } from 'vitest'
import { PLANTED_BUGS } from './planted-bugs.ts'
import { BrokenPromise } from './promises.ts'
import { failureText, simulate } from './simulate.ts'

const SEEDS = 500

describe('the money path', () => {
  it(`keeps every promise in the histories of ${SEEDS} seeds`, { timeout: 240_000 }, async () => {
    const seen = new Map<string, number>()
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const { failure, world } = await simulate(seed)
      if (failure) expect.fail(failureText(await simulate(seed, { shrinks: true })))
      for (const event of eventsOf(world)) seen.set(event, (seen.get(event) ?? 0) + 1)
    }
    // Histories that never meet the hard cases prove nothing.
    const rare = HARD_CASES.filter((event) => (seen.get(event) ?? 0) < 5)
    expect(rare).toEqual([])
  })

  it('does the same to the last step when a seed is played again', async () => {
    for (const seed of [7, 77, 777]) {
      const [first, again] = [await simulate(seed), await simulate(seed)]
      expect(again.world.scheduler.trace).toEqual(first.world.scheduler.trace)
      expect([...again.world.tables.events.committed.keys()]).toEqual([
        ...first.world.tables.events.committed.keys(),
      ])
      expect(again.world.chain.head).toEqual(first.world.chain.head)
    }
  })
})

describe('a seed that fails', () => {
  it('is shown with its smallest history and the command that replays it', { timeout: 60_000 }, async () => {
    const plant = PLANTED_BUGS['balances are posted twice']
    const outcome = await simulate(4, { ...(plant && { plant }), shrinks: true })
    expect(outcome.failure?.error).toBeInstanceOf(BrokenPromise)
    expect(outcome.failure?.history.length).toBeLessThan(5)
    const text = failureText(outcome)
    expect(text).toMatch(/^Seed 4: Error: V3: /)
    expect(text).toContain('npm run test:simulator -- --seeds 1 --seed 4')
  })
})

const HARD_CASES = [
  'transaction.reorged',
  'transaction.failed',
  'crash',
  'failure',
  'woken',
  'submission replaced',
  'submission reverted',
  'attempt raised',
  'answer unknown',
  'answer rejected',
  'block adopted again',
  'insufficient_balance',
  'self_custodied',
  'item_cap_exceeded',
  'alarm lane.paused',
  'alarm lane.nonce_gap',
  'alarm economy.held_back',
]

function eventsOf({ tables, scheduler, alarms }: Awaited<ReturnType<typeof simulate>>['world']): string[] {
  const { events, submissions, attempts, blocks, transactions } = tables
  return [
    ...[...events.committed.values()].map(({ topic }) => topic),
    ...[...submissions.committed.values()].map(({ status }) => `submission ${status}`),
    ...[...attempts.committed.values()].flatMap(({ attempt, answers }) => [
      ...(attempt > 1 ? ['attempt raised'] : []),
      ...answers.map(({ verdict }) => `answer ${verdict}`),
    ]),
    ...[
      ...Map.groupBy(blocks.committed.values(), ({ chainId, number }) => `${chainId}/${number}`).values(),
    ].flatMap((ofHeight) =>
      Math.max(...ofHeight.map(({ generation }) => generation)) > ofHeight.length
        ? ['block adopted again']
        : [],
    ),
    ...[...transactions.committed.values()].flatMap(({ failureCode }) => failureCode ?? []),
    ...alarms.map(({ event }) => `alarm ${event}`),
    ...scheduler.trace.flatMap((line) => [
      ...(line.endsWith(' crash') ? ['crash'] : []),
      ...(line.endsWith(' failure') ? ['failure'] : []),
      ...(line.includes('woken') ? ['woken'] : []),
    ]),
  ]
}
