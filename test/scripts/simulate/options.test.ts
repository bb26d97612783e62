import { describe, expect, it } from 'vitest'
import { UsageError } from '#apps/cli/errors.ts'
import { readOptions } from '#scripts/simulate/options.ts'

const GIVEN = {
  economies: '2',
  users: '12',
  transfers: '100',
  seed: '1',
  concurrency: '8',
  settleTimeout: '60',
}

describe('the options of a simulation', () => {
  it('are read as numbers', () => {
    expect(readOptions(GIVEN)).toEqual({
      seed: '1',
      economies: 2,
      users: 12,
      transfers: 100,
      concurrency: 8,
      settleTimeoutMs: 60_000,
    })
  })

  it.each([
    ['--users', { users: '11' }],
    ['--economies', { economies: '0' }],
    ['--economies', { economies: '65' }],
    ['--transfers', { transfers: 'many' }],
    ['--concurrency', { concurrency: '1.5' }],
    ['--settle-timeout', { settleTimeout: '-1' }],
  ])('refuse a wrong %s by its name', (name, change) => {
    const read = () => readOptions({ ...GIVEN, ...change })
    expect(read).toThrow(UsageError)
    expect(read).toThrow(name)
  })
})
