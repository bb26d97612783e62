import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Database } from '#adapters/postgres/database.ts'
import { createTestDatabase, type TestDatabase } from '#test/support/stack.ts'

let testDatabase: TestDatabase
let admin: pg.Client
let database: Database

beforeAll(async () => {
  testDatabase = await createTestDatabase()
  admin = new pg.Client({ connectionString: testDatabase.adminUrl })
  await admin.connect()
  database = new Database({ url: testDatabase.workerUrl, poolSize: 2, applicationName: 'test' })
})
afterAll(async () => {
  await database.close()
  await admin.end()
  await testDatabase.drop()
})

describe('a connection that the server ends between two statements of a unit of work', () => {
  it('fails that unit of work and nothing else', async () => {
    const work = database.raw([], async (client) => {
      const ended = new Promise<void>((resolve) => {
        client.once('end', () => resolve())
      })
      const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
      await admin.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid])
      // Nothing is asked of the connection while it ends: an error without a listener would end the process here.
      await ended
      await client.query('SELECT 1')
    })
    await expect(work).rejects.toThrow('not queryable')
    const again = await database.raw([], async (client) => (await client.query('SELECT 1 AS one')).rows)
    expect(again).toEqual([{ one: 1 }])
  })
})
