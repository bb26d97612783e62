import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { diffMigrations } from '#scripts/create-migration.ts'
import { createTestDatabase, type TestDatabase } from '#test/support/stack.ts'

let database: TestDatabase

beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

it('finds nothing to migrate: schema.prisma is what the migrations make', async () => {
  expect(await diffMigrations(database.adminUrl)).toMatch(/^-- This is an empty migration\.\s*$/)
})

it('replays the migrations in a shadow database and leaves the one it was given alone', async () => {
  const client = new pg.Client({ connectionString: database.adminUrl })
  await client.connect()
  try {
    await client.query(`INSERT INTO tenant (id, name) VALUES (gen_random_uuid(), 'Mine')`)
    await diffMigrations(database.adminUrl)
    const { rows } = await client.query('SELECT name FROM tenant')
    expect(rows).toEqual([{ name: 'Mine' }])
  } finally {
    await client.end()
  }
})
