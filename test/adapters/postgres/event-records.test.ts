import pg from 'pg'
import { uuidv7 } from 'uuidv7'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { Database } from '#adapters/postgres/database.ts'
import { createEventLog } from '#adapters/postgres/webhook-event-log.ts'
import { createEventReader } from '#adapters/postgres/webhook-event-reader.ts'
import { type EconomyFixture, insertEconomy } from '#test/support/economy-fixture.ts'
import { createTestDatabase, type TestDatabase } from '#test/support/stack.ts'
import { untilEventsAreReadable } from '#test/support/readable-events.ts'

/** docs/adr/0022-events-by-the-batch.md */

/** Milliseconds. A transaction of another test file may hold the horizon back for a while. */
const PATIENCE_MS = 60_000
const TOPICS = ['transaction.queued', 'transaction.submitted', 'transaction.mined'] as const

let testDatabase: TestDatabase
let database: Database
let owner: pg.Pool
let economies: readonly [EconomyFixture, EconomyFixture]

beforeAll(async () => {
  testDatabase = await createTestDatabase()
  database = new Database({ url: testDatabase.workerUrl, poolSize: 2, applicationName: 'test' })
  owner = new pg.Pool({ connectionString: testDatabase.ownerUrl, max: 2 })
  economies = [await insertEconomy(testDatabase.ownerUrl), await insertEconomy(testDatabase.ownerUrl)]
})
afterAll(async () => {
  await database.close()
  await owner.end()
  await testDatabase.drop()
})
beforeEach(empty)

async function empty(): Promise<void> {
  await owner.query('DELETE FROM outbox_record; DELETE FROM outbox_cursor; DELETE FROM webhook_endpoint')
}

/** What one database transaction writes: a record per entry, with the ids of all of them mixed, as a batch of two economies has them. */
type Commit = readonly { economy: 0 | 1; topic: (typeof TOPICS)[number]; events: number }[]

const aLog = fc.array(
  fc.array(
    fc.record({
      economy: fc.constantFrom(0 as const, 1 as const),
      topic: fc.constantFrom(...TOPICS),
      events: fc.integer({ min: 1, max: 6 }),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  { minLength: 1, maxLength: 6 },
)

/** @returns the events of the first economy, in order. */
async function write(log: readonly Commit[]): Promise<{ id: string; topic: string }[]> {
  const expected: { id: string; topic: string }[] = []
  for (const commit of log) {
    // Of one economy the records of a commit follow each other; those of different ones are mixed.
    const ids = [0, 1].map((economy) =>
      commit
        .filter((record) => record.economy === economy)
        .map(({ events }) => Array.from({ length: events }, () => '')),
    )
    const places = ids.map((records) => records.flatMap((record) => record.map((_, at) => ({ record, at }))))
    for (let at = 0; at < Math.max(...places.map(({ length }) => length)); at += 1)
      for (const list of places) {
        const place = list[at]
        if (place) place.record[place.at] = uuidv7()
      }
    const client = await owner.connect()
    await client.query('BEGIN')
    for (const { economy, topic } of commit) {
      const own = ids[economy]?.shift() ?? []
      const { tenantId, economyId } = economies[economy]
      await client.query(
        `INSERT INTO outbox_record (last_id, tenant_id, economy_id, topic, event_ids, subject_ids) VALUES ($1, $2, $3, $4, $5, $5)`,
        [own.at(-1), tenantId, economyId, topic, own],
      )
      if (economy === 0) expected.push(...own.map((id) => ({ id, topic })))
    }
    await client.query('COMMIT')
    client.release()
  }
  return expected
}

describe('events that share a record', () => {
  it('are listed once each and in order, page by page, up and down, of any topics', {
    timeout: PATIENCE_MS,
  }, async () => {
    const read = createEventReader(database)
    const { tenantId, economyId } = economies[0]
    await fc.assert(
      fc.asyncProperty(
        aLog,
        fc.constantFrom('asc' as const, 'desc' as const),
        fc.integer({ min: 1, max: 7 }),
        fc.subarray([...TOPICS]),
        async (log, order, limit, topics) => {
          await empty()
          const all = await write(log)
          await untilEventsAreReadable(async (text) => (await owner.query(text)).rows)
          const seen: string[] = []
          let after: string | undefined
          for (let hasMore = true; hasMore; ) {
            const page = await read({
              tenantId,
              economyId,
              topics,
              page: { limit, order, ...(after !== undefined && { after }) },
            })
            seen.push(...page.rows.map(({ id }) => id))
            expect(page.rows.length).toBeLessThanOrEqual(limit)
            after = page.end ?? undefined
            hasMore = page.hasMore
          }
          const wanted = all.filter(({ topic }) => topics.length === 0 || topics.some((one) => one === topic))
          const ordered = wanted.map(({ id }) => id)
          expect(seen).toEqual(order === 'asc' ? ordered : ordered.toReversed())
        },
      ),
      { numRuns: 60 },
    )
  })

  it('reach the webhooks once each and in order, whatever a span holds', {
    timeout: PATIENCE_MS,
  }, async () => {
    const log = createEventLog(database)
    const { tenantId, economyId } = economies[0]
    await fc.assert(
      fc.asyncProperty(aLog, fc.integer({ min: 1, max: 9 }), async (commits, limit) => {
        await empty()
        await owner.query(
          `INSERT INTO webhook_endpoint (economy_id, id, tenant_id, url, topics, mode, secret) VALUES ($1, $2, $3, 'https://example.com/', '{}', 'parallel', 'x')`,
          [economyId, uuidv7(), tenantId],
        )
        const all = await write(commits)
        await untilEventsAreReadable(async (text) => (await owner.query(text)).rows)
        const seen: string[] = []
        for (let caughtUp = false; !caughtUp; ) {
          const span = await log.readSpan(limit)
          seen.push(...span.events.map(({ id }) => id))
          caughtUp = span.caughtUp
          if (span.to) expect(await log.fanOut(span, [])).not.toBeNull()
        }
        expect(seen).toEqual(all.map(({ id }) => id))
      }),
      { numRuns: 40 },
    )
  })
})
