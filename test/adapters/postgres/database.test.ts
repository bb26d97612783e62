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

describe('statements that travel with BEGIN and COMMIT', () => {
  const countOf = async (table: string) =>
    (await admin.query<{ count: string }>(`SELECT count(*) FROM ${table}`)).rows[0]?.count

  beforeAll(async () => {
    await admin.query('CREATE TABLE ends (id int PRIMARY KEY)')
    await admin.query('GRANT SELECT, INSERT ON ends TO PUBLIC')
  })

  it('are part of the transaction, in their order', async () => {
    const read = await database.rawByKeysAtOnce([], async (client, { begun, beforeCommit }) => {
      const [{ rows }] = await Promise.all([
        client.query<{ inside: boolean }>('SELECT now() < statement_timestamp() AS inside'),
        begun,
      ])
      beforeCommit(client.query('INSERT INTO ends VALUES (1)'))
      beforeCommit(client.query('INSERT INTO ends SELECT id + 1 FROM ends'))
      return rows
    })
    expect(read).toEqual([{ inside: true }])
    expect(await countOf('ends')).toBe('2')
  })

  it('fail it when they fail, with their own error, and nothing of it is kept', async () => {
    const work = database.rawByKeysAtOnce([], async (client, { begun, beforeCommit }) => {
      await begun
      beforeCommit(client.query('INSERT INTO ends VALUES (3)'))
      beforeCommit(client.query('INSERT INTO ends VALUES (1)'))
      beforeCommit(client.query('INSERT INTO ends VALUES (4)'))
      return 'done'
    })
    await expect(work).rejects.toMatchObject({ code: '23505' })
    expect(await countOf('ends')).toBe('2')
    expect(await database.raw([], async (client) => (await client.query('SELECT 1 AS one')).rows)).toEqual([
      { one: 1 },
    ])
  })

  it('are not committed when the work throws behind them', async () => {
    const work = database.rawByKeysAtOnce([], async (client, { begun, beforeCommit }) => {
      await begun
      beforeCommit(client.query('INSERT INTO ends VALUES (5)'))
      throw new Error('changed its mind')
    })
    await expect(work).rejects.toThrow('changed its mind')
    expect(await countOf('ends')).toBe('2')
  })
})
