import fc from 'fast-check'
import type { Fate } from '#test/support/simulated-node.ts'

/** Where the first process of an action dies, or a call of it fails, in its steps; and the order of everybody's steps. */
export interface Faults {
  salt: number
  crashAt?: number | undefined
  failAt: readonly number[]
}

export interface ItemPlan {
  kind: 'tip' | 'reward' | 'purchase'
  from: number
  step: number
  millions: number
}

export interface RequestPlan {
  economy: number
  items: readonly ItemPlan[]
  /** An earlier request that is sent again, or whose key is used for something else. */
  repeats: number | null
  isOther: boolean
}

export interface JobPlan {
  name:
    | 'doorbell'
    | 'submit-lane'
    | 'rebroadcast-lane'
    | 'follow-chain'
    | 'relay-outbox'
    | 'reconcile-economy'
  at: number
}

/** Everything that may happen to the platform, as data. */
export type Action =
  /** `isHot`: all from the same payer. */
  | ({ type: 'accept'; requests: readonly RequestPlan[]; isHot: boolean } & Faults)
  | ({ type: 'retry'; others: number } & Faults)
  | ({ type: 'work'; jobs: readonly JobPlan[]; isTwice: boolean } & Faults)
  | { type: 'answers'; fates: readonly { fate: Fate; lie: number }[] }
  | { type: 'drop'; mask: number }
  | { type: 'mine'; blocks: number; limit: number }
  | { type: 'reorg'; depth: number; blocks: number; limit: number; mask: number }
  | { type: 'return' }
  | ({ type: 'beat'; limit: number } & Faults)
  | { type: 'fee'; gwei: number; refusesCheap: boolean }
  | { type: 'foreign'; lane: number; ahead: number }
  | { type: 'clock'; ms: number }
  | { type: 'skew'; process: number; ms: number }
  | { type: 'pause'; economy: number; isPaused: boolean; where: 'chain' | 'platform' }
  | { type: 'lane'; lane: number; isPaused: boolean }
  | ({ type: 'rotate'; restarts: number } & Faults)
  | { type: 'gas'; lane: number; isEmpty: boolean }
  | { type: 'rules'; economy: number; perPayment: bigint | null; user: number | null }
  | { type: 'stranger'; economy: number; from: number; to: number; amount: number }
  | { type: 'grant'; economy: number }
  | { type: 'kill'; process: number }
  | { type: 'flush' }
  | { type: 'lag'; blocks: number }
  | { type: 'luck'; skipPercent: number; revertPercent: number }

const small = (max: number) => fc.nat({ max })
const mask = fc.nat({ max: 0xffff })
const type = <Name extends Action['type']>(name: Name) => fc.constant(name)
/** An order of steps is no simpler than another. */
const salt = fc.noShrink(fc.nat({ max: 0xffff_ffff }))

const faults = {
  salt,
  crashAt: fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined, freq: 2 }),
  failAt: fc.oneof(
    { weight: 3, arbitrary: fc.constant<number[]>([]) },
    { weight: 1, arbitrary: fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 3 }) },
  ),
}

const item: fc.Arbitrary<ItemPlan> = fc.record({
  kind: fc.constantFrom('tip', 'reward', 'purchase'),
  from: small(2),
  step: fc.integer({ min: 1, max: 2 }),
  millions: fc.integer({ min: 1, max: 30 }),
})

const request: fc.Arbitrary<RequestPlan> = fc.record({
  economy: small(2),
  items: fc.oneof(
    { weight: 2, arbitrary: fc.array(item, { minLength: 1, maxLength: 1 }) },
    { weight: 1, arbitrary: fc.array(item, { minLength: 2, maxLength: 5, size: 'max' }) },
  ),
  repeats: fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: small(50) }),
  isOther: fc.boolean(),
})

const job: fc.Arbitrary<JobPlan> = fc.record({
  name: fc.constantFrom(
    'doorbell',
    'doorbell',
    'submit-lane',
    'submit-lane',
    'rebroadcast-lane',
    'rebroadcast-lane',
    'follow-chain',
    'follow-chain',
    'relay-outbox',
    'reconcile-economy',
  ),
  at: small(2),
})

const fate: fc.Arbitrary<{ fate: Fate; lie: number }> = fc.record({
  fate: fc.constantFrom('lost', 'lost', 'never', 'late', 'doubled', 'lied', 'refused', 'answered'),
  lie: small(6),
})

/** Each action as often as its weight says. */
const WEIGHTED: readonly [number, fc.Arbitrary<Action>][] = [
  [
    12,
    fc.record({
      type: type('accept'),
      isHot: fc.boolean(),
      requests: fc.array(request, { minLength: 1, maxLength: 3 }),
      ...faults,
    }),
  ],
  [2, fc.record({ type: type('retry'), others: small(2), ...faults })],
  [
    14,
    fc.record({
      type: type('work'),
      jobs: fc.array(job, { minLength: 1, maxLength: 4 }),
      isTwice: fc.boolean(),
      ...faults,
    }),
  ],
  [4, fc.record({ type: type('answers'), fates: fc.array(fate, { minLength: 1, maxLength: 3 }) })],
  [2, fc.record({ type: type('drop'), mask })],
  [
    8,
    fc.record({
      type: type('mine'),
      blocks: fc.integer({ min: 1, max: 3 }),
      limit: fc.constantFrom(1, 2, 9),
    }),
  ],
  [
    6,
    fc.record({
      type: type('reorg'),
      depth: fc.integer({ min: 1, max: 4 }),
      blocks: small(5),
      limit: fc.constantFrom(0, 1, 9),
      mask: fc.oneof(fc.constant(0xffff), mask),
    }),
  ],
  [1, fc.record({ type: type('return') })],
  [16, fc.record({ type: type('beat'), limit: fc.constantFrom(1, 9, 9), ...faults })],
  [2, fc.record({ type: type('fee'), gwei: fc.constantFrom(1, 1, 5, 50, 200), refusesCheap: fc.boolean() })],
  [1, fc.record({ type: type('foreign'), lane: small(1), ahead: fc.constantFrom(0, 0, 1) })],
  [5, fc.record({ type: type('clock'), ms: fc.constantFrom(500, 2_500, 6_000, 60_000) })],
  [1, fc.record({ type: type('skew'), process: small(3), ms: fc.constantFrom(0, 600_000, -600_000) })],
  [
    2,
    fc.record({
      type: type('pause'),
      economy: small(2),
      isPaused: fc.constantFrom(false, false, true),
      where: fc.constantFrom('chain', 'platform'),
    }),
  ],
  [1, fc.record({ type: type('lane'), lane: small(1), isPaused: fc.constantFrom(false, false, true) })],
  [1, fc.record({ type: type('rotate'), restarts: mask, ...faults })],
  [1, fc.record({ type: type('gas'), lane: small(1), isEmpty: fc.constantFrom(false, false, true) })],
  [
    2,
    fc.record({
      type: type('rules'),
      economy: small(2),
      perPayment: fc.constantFrom(null, 5_000_000n, 20_000_000n),
      user: fc.option(small(2), { nil: null, freq: 2 }),
    }),
  ],
  [
    1,
    fc.record({
      type: type('stranger'),
      economy: small(2),
      from: small(4),
      to: small(4),
      amount: fc.constantFrom(0, 7, 30_000_007),
    }),
  ],
  [1, fc.record({ type: type('grant'), economy: small(2) })],
  [2, fc.record({ type: type('kill'), process: small(3) })],
  [1, fc.record({ type: type('flush') })],
  [1, fc.record({ type: type('lag'), blocks: small(2) })],
  [
    1,
    fc.record({
      type: type('luck'),
      skipPercent: fc.constantFrom(0, 0, 30),
      revertPercent: fc.constantFrom(0, 0, 30),
    }),
  ],
]

/** Arbitraries of actions, each as many times as it is to be drawn. */
export const actions: readonly fc.Arbitrary<Action>[] = WEIGHTED.flatMap(([weight, action]) =>
  Array.from({ length: weight }, () => action),
)
