import pg from 'pg'
import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Database } from '#adapters/postgres/database.ts'
import { createOutboxReader } from '#adapters/postgres/outbox-reader.ts'
import { afterRestore, TooFarBehind } from '#scripts/after-restore.ts'
import { createTestDatabase, type TestDatabase } from '#test/support/stack.ts'

let testDatabase: TestDatabase
let database: Database
let owner: pg.Pool
const tenantId = uuidv7()

beforeAll(async () => {
  testDatabase = await createTestDatabase()
  database = new Database({ url: testDatabase.workerUrl, poolSize: 2, applicationName: 'test' })
  owner = new pg.Pool({ connectionString: testDatabase.ownerUrl, max: 2 })
})
afterAll(async () => {
  await database.close()
  await owner.end()
  await testDatabase.drop()
})

async function restoredAhead(by: number): Promise<{ xid: bigint; id: string }> {
  const { rows } = await owner.query(
    `INSERT INTO outbox_cursor (consumer, xid, event_id) SELECT 'restored', pg_current_xact_id()::text::bigint + $1, $2
     ON CONFLICT (consumer) DO UPDATE SET xid = excluded.xid RETURNING xid, event_id`,
    [by, uuidv7()],
  )
  return { xid: BigInt(rows[0].xid), id: rows[0].event_id }
}

async function append(): Promise<string> {
  const id = uuidv7()
  await owner.query(
    `INSERT INTO outbox_event (id, tenant_id, topic, subject_id) VALUES ($1, $2, 'user.created', $2)`,
    [id, tenantId],
  )
  return id
}

it('lets readers that came from another server see new events again, and does nothing the second time', async () => {
  const reader = createOutboxReader(database)
  const position = await restoredAhead(20_000)
  await append()
  expect(await reader.readAfter(position, 10)).toEqual([])
  expect(await afterRestore(testDatabase.ownerUrl)).toBeGreaterThan(19_000)
  const id = await append()
  await expect.poll(async () => (await reader.readAfter(position, 10)).map((event) => event.id)).toEqual([id])
  expect(await afterRestore(testDatabase.ownerUrl)).toBe(0)
})

it('names the tool for a server that is much too far behind', async () => {
  await restoredAhead(1_000_000_000)
  await expect(afterRestore(testDatabase.ownerUrl)).rejects.toThrow(TooFarBehind)
})
