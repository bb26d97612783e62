import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Database } from '#adapters/postgres/database.ts'
import { createUserStore } from '#adapters/postgres/user-store.ts'
import { type EconomyFixture, insertEconomy } from '#test/support/economy-fixture.ts'
import { createTestDatabase, type TestDatabase } from '#test/support/stack.ts'

describe('finding users by name', () => {
  let testDatabase: TestDatabase
  let database: Database
  let economy: EconomyFixture
  beforeAll(async () => {
    testDatabase = await createTestDatabase()
    economy = await insertEconomy(testDatabase.ownerUrl)
    const owner = new pg.Client({ connectionString: testDatabase.ownerUrl })
    await owner.connect()
    await owner.query('BEGIN')
    await owner.query(
      `INSERT INTO economy_user (economy_id, id, tenant_id, name)
       SELECT $1, gen_random_uuid(), $2, 'User ' || n FROM generate_series(1, 20000) AS n`,
      [economy.economyId, economy.tenantId],
    )
    await owner.query(
      `INSERT INTO wallet (economy_id, user_id, tenant_id, address, salt)
       SELECT economy_id, id, tenant_id, '0x' || substr(md5(id::text) || md5(id::text), 1, 40), decode(substr(md5(id::text), 1, 24), 'hex')
       FROM economy_user WHERE type = 'user'`,
    )
    await owner.query('COMMIT')
    await owner.query('ANALYZE economy_user')
    await owner.end()
    database = new Database({ url: testDatabase.appUrl, poolSize: 2, applicationName: 'test' })
  })
  afterAll(async () => {
    await database.close()
    await testDatabase.drop()
  })

  it('finds them whatever the case', async () => {
    const page = await database.transaction(economy.tenantId, (tx) =>
      createUserStore(tx, economy.tenantId).list(
        economy.economyId,
        { limit: 100, order: 'asc' },
        { namePrefix: 'uSER 1999' },
      ),
    )
    const names = page.rows.map(({ name }) => name).toSorted((a, b) => (String(a) < String(b) ? -1 : 1))
    expect(names).toEqual(['User 1999', ...Array.from({ length: 10 }, (_, digit) => `User 1999${digit}`)])
  })

  it('reads an index, not the economy, although row-level security guards the table', async () => {
    const plan = await database.read<{ 'QUERY PLAN': string }>(
      economy.tenantId,
      'explain_users_by_name',
      `EXPLAIN SELECT id FROM economy_user
       WHERE tenant_id = '${economy.tenantId}' AND economy_id = '${economy.economyId}' AND name_search ^@ lower('User 1999')
       ORDER BY id LIMIT 26`,
      [],
    )
    expect(plan.map((row) => row['QUERY PLAN']).join('\n')).toContain('economy_user_name_search')
  })
})
