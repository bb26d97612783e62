import pg from 'pg'
import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createBalanceReader } from '#adapters/postgres/balance-reader.ts'
import { Database } from '#adapters/postgres/database.ts'
import { type EconomyFixture, insertEconomy } from '#test/support/economy-fixture.ts'
import { createTestDatabase, type TestDatabase } from '#test/support/stack.ts'

let testDatabase: TestDatabase
let database: Database
let owner: pg.Client
let economies: [EconomyFixture, EconomyFixture]

beforeAll(async () => {
  testDatabase = await createTestDatabase()
  database = new Database({ url: testDatabase.appUrl, poolSize: 4, applicationName: 'test-balances' })
  owner = new pg.Client({ connectionString: testDatabase.ownerUrl })
  await owner.connect()
  const balances = [1n, 2n, 3n]
  economies = [
    await insertEconomy(testDatabase.ownerUrl, { balances }),
    await insertEconomy(testDatabase.ownerUrl, { balances }),
  ]
})
afterAll(async () => {
  await Promise.allSettled([database.close(), owner.end()])
  await testDatabase.drop()
})

describe('the balance reader', () => {
  it('answers many at once from few statements, each with its own balance', async () => {
    const read = createBalanceReader(database)
    const statements = vi.spyOn(database, 'read')
    const asked = economies.flatMap(({ tenantId, economyId, userIds }) =>
      [...userIds, ...userIds].map(async (id) => read(tenantId, economyId, id)),
    )
    const settled = (await Promise.all(asked)).map((balance) => balance?.settled)
    expect(settled).toEqual([1n, 2n, 3n, 1n, 2n, 3n, 1n, 2n, 3n, 1n, 2n, 3n])
    expect(statements).toHaveBeenCalledTimes(economies.length)
    statements.mockRestore()
  })

  it('knows nobody of another economy or tenant, and answers the others of the batch', async () => {
    const read = createBalanceReader(database)
    const [ours, theirs] = economies
    const [mine = '', stranger = ''] = [ours.userIds[0], theirs.userIds[0]]
    const answers = await Promise.all([
      read(ours.tenantId, ours.economyId, mine),
      read(ours.tenantId, ours.economyId, stranger),
      read(ours.tenantId, ours.economyId, uuidv7()),
      read(ours.tenantId, theirs.economyId, stranger),
    ])
    expect(answers.map((balance) => balance?.userId)).toEqual([mine, undefined, undefined, undefined])
  })

  it('sees what was committed before it was asked, whatever else is being read', async () => {
    const read = createBalanceReader(database)
    const { tenantId, economyId, userIds } = economies[0]
    const [first = '', second = ''] = userIds
    for (let settled = 100n; settled < 120n; settled += 1n) {
      const others = Array.from({ length: 20 }, async () => read(tenantId, economyId, second))
      await owner.query('UPDATE account SET settled = $1 WHERE economy_id = $2 AND id = $3', [
        settled.toString(),
        economyId,
        first,
      ])
      expect((await read(tenantId, economyId, first))?.settled).toBe(settled)
      await Promise.all(others)
    }
  })

  it.each([
    '2031-01-02 03:04:05.123',
    '2031-01-02 03:04:05.999',
    '2031-12-31 23:59:59.001',
    '2031-01-02 03:04:05',
  ])('tells the moment %s of the last change to the millisecond', async (moment) => {
    const { tenantId, economyId, userIds } = economies[1]
    const [id = ''] = userIds
    await owner.query('UPDATE account SET updated_at = $1 WHERE economy_id = $2 AND id = $3', [
      `${moment}+00`,
      economyId,
      id,
    ])
    const balance = await createBalanceReader(database)(tenantId, economyId, id)
    expect(balance?.updatedAt.toISOString()).toBe(new Date(`${moment}Z`).toISOString())
  })

  it('tells everybody of a batch when it fails, and goes on with the next', async () => {
    const read = createBalanceReader(database)
    const { tenantId, economyId, userIds } = economies[0]
    const failing = vi.spyOn(database, 'read').mockRejectedValueOnce(new Error('gone'))
    const results = await Promise.allSettled(userIds.map(async (id) => read(tenantId, economyId, id)))
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    failing.mockRestore()
    expect((await read(tenantId, economyId, userIds[2] ?? ''))?.settled).toBe(3n)
  })
})
