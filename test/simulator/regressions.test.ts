import { describe, it } from 'vitest'
import type { Action, Faults } from './actions.ts'
import { replay } from './simulate.ts'

/** Smallest histories of seeds that once failed. */
const CALM: Faults = { salt: 1, failAt: [] }
const TIP: Action = {
  ...CALM,
  type: 'accept',
  isHot: false,
  requests: [
    { economy: 0, items: [{ kind: 'tip', from: 0, step: 1, millions: 1 }], repeats: null, isOther: false },
  ],
}
const work = (name: 'submit-lane' | 'rebroadcast-lane', faults: Partial<Faults> = {}): Action => ({
  ...CALM,
  ...faults,
  type: 'work',
  isTwice: false,
  jobs: [{ name, at: 0 }],
})

const REGRESSIONS: Readonly<Record<string, readonly Action[]>> = {
  'a lane goes on when bytes that a node refused for good were mined all the same': [
    { type: 'answers', fates: [{ fate: 'lied', lie: 5 }] },
    { type: 'grant', economy: 0 },
    work('submit-lane'),
    { type: 'flush' },
  ],
  ...Object.fromEntries(
    Array.from({ length: 15 }, (_, index) => [
      `a funded lane goes on when the process that saw the money died at its step ${index + 1}`,
      [
        { type: 'gas', lane: 0, isEmpty: true },
        TIP,
        work('submit-lane'),
        { type: 'gas', lane: 0, isEmpty: false },
        work('rebroadcast-lane', { crashAt: index + 1 }),
      ],
    ]),
  ),
  'bytes that a process signed whose clock was ahead are sent again before the others have caught up': [
    { type: 'skew', process: 0, ms: 600_000 },
    { type: 'kill', process: 0 },
    TIP,
    { type: 'answers', fates: [{ fate: 'never', lie: 0 }] },
    work('submit-lane'),
  ],
  'a lane whose key was used before its first nonce goes on when that block is orphaned': [
    { type: 'foreign', lane: 0, ahead: 0 },
    { type: 'mine', blocks: 1, limit: 9 },
    TIP,
    work('submit-lane'),
    { type: 'reorg', depth: 1, blocks: 1, limit: 0, mask: 0 },
  ],
  'a chain goes on when a filler lands that was given up because a block, orphaned since, had used its nonce':
    [
      { type: 'foreign', lane: 0, ahead: 0 },
      { type: 'mine', blocks: 1, limit: 9 },
      TIP,
      work('submit-lane'),
      { type: 'reorg', depth: 1, blocks: 1, limit: 0, mask: 0xffff },
      { type: 'clock', ms: 60_000 },
      work('rebroadcast-lane'),
      { type: 'mine', blocks: 1, limit: 1 },
      work('rebroadcast-lane'),
      { type: 'reorg', depth: 1, blocks: 0, limit: 0, mask: 0 },
    ],
}

describe('what the simulator once found', () => {
  it.each(Object.entries(REGRESSIONS))('%s', { timeout: 20_000 }, async (_name, history) => {
    await replay(history)
  })
})
