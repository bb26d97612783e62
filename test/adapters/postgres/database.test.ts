import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Database, HAS_BEGUN, type Statements } from '#adapters/postgres/database.ts'
import { isOutOfReach } from '#adapters/postgres/is-out-of-reach.ts'
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

  it('are not committed when the work throws behind them, and whoever is told of the sending is not', async () => {
    let wasSent = false
    const work = database.rawByKeysAtOnce(
      [],
      async (client, { begun, beforeCommit }) => {
        await begun
        beforeCommit(client.query('INSERT INTO ends VALUES (5)'))
        throw new Error('changed its mind')
      },
      () => (wasSent = true),
    )
    await expect(work).rejects.toThrow('changed its mind')
    expect(await countOf('ends')).toBe('2')
    expect(wasSent).toBe(false)
  })
})

describe('statements that go out one behind the other', () => {
  it('all fail with what the first one failed with, whichever is waited for', async () => {
    const work = database.rawByKeysAtOnce([], async (client) => {
      const failing = client.query('SELECT 1 / 0')
      // Waited for by more hands than the one behind it, so that it is heard of later.
      const late = (async () => (async () => (async () => failing)())())()
      await Promise.all([late, client.query('SELECT 1')])
    })
    await expect(work).rejects.toMatchObject({ code: '22012' })
  })
})

describe('a transaction that is begun when the one before was sent to its COMMIT', () => {
  const pidOf = async (client: Statements) =>
    (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid

  beforeAll(async () => {
    await admin.query('CREATE TABLE followed (id int PRIMARY KEY)')
    await admin.query('GRANT SELECT, INSERT ON followed TO PUBLIC')
  })

  /** Two transactions, the second of which counts rows as soon as the first has been sent; both must leave their connection usable. */
  async function follow(first: (client: Statements) => Promise<Promise<unknown>[]>) {
    let second: Promise<{ pid: number | undefined; rows: number }> | undefined
    let firstPid: number | undefined
    const one = database.rawByKeysAtOnce(
      [],
      async (client, { beforeCommit }) => {
        firstPid = await pidOf(client)
        for (const statement of await first(client)) beforeCommit(statement)
      },
      () => {
        second = database.rawByKeysAtOnce([], async (client, { begun }) => {
          await begun
          const { rows } = await client.query<{ count: number }>(
            'SELECT count(*)::int AS count FROM followed',
          )
          return { pid: await pidOf(client), rows: rows[0]?.count ?? -1 }
        })
      },
    )
    const [ended] = await Promise.allSettled([one])
    return { ended, firstPid, second: await second }
  }

  it('runs behind it on its connection, and sees what it wrote', async () => {
    const { ended, firstPid, second } = await follow(async (client) => [
      client.query('INSERT INTO followed VALUES (1)'),
    ])
    expect(ended.status).toBe('fulfilled')
    expect(second).toEqual({ pid: firstPid, rows: 1 })
  })

  it('is whole when that one fails at its end', async () => {
    const { ended, firstPid, second } = await follow(async (client) => [
      client.query('INSERT INTO followed VALUES (2)'),
      client.query('INSERT INTO followed VALUES (1)'),
    ])
    expect(ended).toMatchObject({ status: 'rejected', reason: { code: '23505' } })
    expect(second).toEqual({ pid: firstPid, rows: 1 })
  })

  it('has a connection of its own while that one has more to send', async () => {
    let release = (): void => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    const pids: (number | undefined)[] = []
    const work = async (client: Statements) => {
      pids.push(await pidOf(client))
      if (pids.length === 2) release()
      await held
    }
    await Promise.all([
      database.rawByKeysAtOnce([], work, () => {}),
      database.rawByKeysAtOnce([], work, () => {}),
    ])
    expect(new Set(pids).size).toBe(2)
  })

  it('gets another connection when theirs has ended, and gives each back', async () => {
    const { second } = await follow(async (client) => [
      client.query(`SELECT pg_terminate_backend(pg_backend_pid())`),
    ]).catch((error: unknown) => ({ second: error }))
    expect(isOutOfReach(second)).toBe(true)
    const after = Array.from({ length: 6 }, async () =>
      database.rawByKeysAtOnce([], async (client) => (await client.query('SELECT 1 AS one')).rows),
    )
    expect(await Promise.all(after)).toHaveLength(6)
    expect(database.pool.waitingCount).toBe(0)
  })
})

describe('a statement that is sent before its transaction is known to have begun', () => {
  it('finds out whether it has', async () => {
    const hasBegun = async (client: Statements | pg.Pool) =>
      (await client.query<{ begun: boolean | null }>(`SELECT ${HAS_BEGUN} AS begun`)).rows[0]?.begun
    expect(await database.rawByKeysAtOnce([], async (client) => hasBegun(client))).toBe(true)
    expect(await hasBegun(database.pool)).not.toBe(true)
  })
})
