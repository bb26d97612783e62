import { describe, expect, it } from 'vitest'
import { PLANTED_BUGS } from './planted-bugs.ts'
import { simulate } from './simulate.ts'

/** Seeds within which a planted bug must be found. */
const SEEDS_MAX = 150

describe('the simulator finds that', () => {
  it.each(Object.entries(PLANTED_BUGS))('%s', { timeout: 60_000 }, async (_name, plant) => {
    for (let seed = 1; seed <= SEEDS_MAX; seed += 1) {
      const { failure } = await simulate(seed, { plant })
      if (failure) return
    }
    expect.fail(`no history of ${SEEDS_MAX} seeds shows it`)
  })
})
