import pg from 'pg'
import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { Database } from '#adapters/postgres/database.ts'
import { createExpiredRows } from '#adapters/postgres/expired-rows.ts'
import type { OutboxReader } from '#core/outbox/outbox-reader.ts'
import { createOutboxReader } from '#adapters/postgres/outbox-reader.ts'
import { createWorkFinder } from '#adapters/postgres/work-finder.ts'
import { type EconomyFixture, insertEconomy } from '#test/support/economy-fixture.ts'
import { createTestDatabase, type TestDatabase } from '#test/support/stack.ts'

let testDatabase: TestDatabase
let database: Database
let owner: pg.Pool
let economy: EconomyFixture

beforeAll(async () => {
  testDatabase = await createTestDatabase()
  database = new Database({ url: testDatabase.workerUrl, poolSize: 4, applicationName: 'test' })
  owner = new pg.Pool({ connectionString: testDatabase.ownerUrl, max: 4 })
  economy = await insertEconomy(testDatabase.ownerUrl)
})
afterAll(async () => {
  await database.close()
  await owner.end()
  await testDatabase.drop()
})
beforeEach(async () => {
  await owner.query('DELETE FROM outbox_record; DELETE FROM outbox_cursor')
})

const append = async (client: pg.Pool | pg.PoolClient, subjectId = uuidv7()): Promise<string> => {
  await client.query(
    `INSERT INTO outbox_event (id, tenant_id, economy_id, topic, subject_id) VALUES ($1, $2, $3, 'user.created', $4)`,
    [uuidv7(), economy.tenantId, economy.economyId, subjectId],
  )
  return subjectId
}

/** The horizon is the whole server's: a transaction of another test file's database may hold it back for a moment. */
const readAll = (reader: OutboxReader, consumer: string, count: number) =>
  vi.waitFor(
    async () => {
      const events = await reader.readAfter(await reader.position(consumer), count)
      expect(events).toHaveLength(count)
      return events
    },
    { timeout: 20_000 },
  )

describe('reading the outbox', () => {
  it('reads every event once, whatever order the writers commit in', async () => {
    const reader = createOutboxReader(database)
    const slow = await owner.connect()
    await slow.query('BEGIN')
    const first = await append(slow)
    const second = await append(owner)
    // The later writer has committed; the earlier one has not, so nothing behind it may be read yet.
    expect(await reader.readAfter(await reader.position('test'), 10)).toEqual([])
    await slow.query('COMMIT')
    slow.release()
    const third = await append(owner)
    const events = await readAll(reader, 'test', 3)
    expect(events.flatMap((event) => event.subjectIds)).toEqual([first, second, third])
  })

  it('never moves a cursor back', async () => {
    const reader = createOutboxReader(database)
    for (let count = 0; count < 3; count += 1) await append(owner)
    const [early, , late] = await readAll(reader, 'test', 3)
    if (!early || !late) throw new Error('three events were written')
    await reader.advance('test', late)
    await reader.advance('test', early)
    expect(await reader.position('test')).toEqual({ xid: late.xid, id: late.id })
    expect(await reader.readAfter(await reader.position('test'), 10)).toEqual([])
  })

  it('loses and repeats nothing while many writers and the reader run at once', async () => {
    const reader = createOutboxReader(database)
    const written: string[] = []
    const read: string[] = []
    let isWriting = true
    const write = async () => {
      for (let count = 0; count < 40; count += 1) {
        const client = await owner.connect()
        await client.query('BEGIN')
        const ids = [await append(client), await append(client)]
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 3))
        const isKept = Math.random() < 0.8
        await client.query(isKept ? 'COMMIT' : 'ROLLBACK')
        client.release()
        if (isKept) written.push(...ids)
      }
    }
    const follow = async () => {
      for (;;) {
        const isComplete = !isWriting && read.length >= written.length
        const events = await reader.readAfter(await reader.position('many'), 7)
        read.push(...events.flatMap((event) => event.subjectIds))
        const last = events.at(-1)
        if (last) await reader.advance('many', last)
        else if (isComplete) return
      }
    }
    const following = follow()
    await Promise.all([write(), write(), write()])
    isWriting = false
    await following
    expect(read.toSorted()).toEqual(written.toSorted())
  })
})

describe('finding unfinished work', () => {
  const finder = () => createWorkFinder(database)
  const queue = async () =>
    owner.query(
      `INSERT INTO transaction (economy_id, id, tenant_id, type_id, from_user_id, to_user_id, amount, config_version)
       VALUES ($1, $2, $3, $4, $5, $6, 1, 1)`,
      [economy.economyId, uuidv7(), economy.tenantId, economy.types.reward, economy.companyId, uuidv7()],
    )

  it('finds nothing but the relay where nothing is unfinished', async () => {
    expect(await finder().findUnfinished()).toEqual({
      economyIds: [],
      lanesToSubmit: [],
      lanesToRebroadcast: [],
      chainIds: [],
      airdropIds: [],
      webhookIds: [],
      replayIds: [],
      messageIds: [],
      anchorChainIds: [],
      backedEconomyIds: [],
      isOutboxBehind: false,
    })
    await append(owner)
    expect(await finder().findUnfinished()).toMatchObject({ isOutboxBehind: true })
  })

  it('finds lanes with queued transactions, deploying economies, airdrops and chains with contracts', async () => {
    await queue()
    await owner.query(`UPDATE chain SET contracts = '{"economy_factory": "0x"}'`)
    const deploying = await insertEconomy(testDatabase.ownerUrl, { status: 'deploying' })
    const airdropId = uuidv7()
    await owner.query(
      `INSERT INTO airdrop (economy_id, id, tenant_id, type_id, amount, selection, total) VALUES ($1, $2, $3, $4, 1, '{"kind": "all"}', 1)`,
      [economy.economyId, airdropId, economy.tenantId, economy.types.reward],
    )
    expect(await finder().findUnfinished()).toMatchObject({
      economyIds: [deploying.economyId],
      lanesToSubmit: [economy.laneId],
      lanesToRebroadcast: [],
      chainIds: ['31002'],
      airdropIds: [airdropId],
    })
  })

  it('finds lanes with submissions that no block has held for a while, and lanes whose pause may pass', async () => {
    const insert = async (laneId: string, age: string) =>
      owner.query(
        `INSERT INTO chain_submission (id, chain_id, lane_id, kind, to_address, calldata, gas_limit, nonce, status, transaction_ids, signed_at)
         VALUES ($1, 31002, $2, 'transfer_batch', '0x', '', 1, 0, 'broadcast', '{}', now() - $3::interval)`,
        [uuidv7(), laneId, age],
      )
    const fresh = await insertEconomy(testDatabase.ownerUrl)
    const paused = await insertEconomy(testDatabase.ownerUrl)
    const stopped = await insertEconomy(testDatabase.ownerUrl)
    await insert(economy.laneId, '10 seconds')
    await insert(fresh.laneId, '0 seconds')
    await owner.query(`UPDATE lane SET status = 'paused', pause_reason = 'out_of_gas' WHERE id = $1`, [
      paused.laneId,
    ])
    await owner.query(`UPDATE lane SET status = 'paused', pause_reason = 'operator' WHERE id = $1`, [
      stopped.laneId,
    ])
    const work = await finder().findUnfinished()
    expect(work?.lanesToRebroadcast.toSorted()).toEqual([economy.laneId, paused.laneId].toSorted())
  })

  it('lets one process look at a time', async () => {
    const client = await owner.connect()
    await client.query('BEGIN; SELECT pg_advisory_xact_lock(8030890299091281264)')
    expect(await finder().findUnfinished()).toBeNull()
    await client.query('COMMIT')
    client.release()
    expect(await finder().findUnfinished()).not.toBeNull()
  })

  it('finds active economies that were not reconciled lately', async () => {
    await owner.query(`UPDATE economy SET created_at = now() - interval '1 hour' WHERE id = $1`, [
      economy.economyId,
    ])
    const before = new Date(Date.now() - 60_000)
    expect(await finder().findUnreconciled(before, 10)).toEqual([economy.economyId])
    await owner.query(
      `INSERT INTO reconciliation (economy_id, id, tenant_id, block_number, block_hash, accounts, status) VALUES ($1, $2, $3, 1, '0x', 1, 'equal')`,
      [economy.economyId, uuidv7(), economy.tenantId],
    )
    expect(await finder().findUnreconciled(before, 10)).toEqual([])
  })
})

describe('cleaning up', () => {
  it('deletes old idempotency records and old events that every reader has passed, in bounded steps', async () => {
    const expired = createExpiredRows(database)
    for (let age = 1; age <= 4; age += 1) {
      await owner.query(
        `INSERT INTO idempotency_record (scope_id, key, tenant_id, fingerprint, created_at) VALUES ($1, $2, $3, '{}', now() - $4 * interval '1 day')`,
        [economy.economyId, `key-${age}`, economy.tenantId, age],
      )
      await owner.query(
        `INSERT INTO outbox_event (id, tenant_id, topic, subject_id, created_at) VALUES ($1, $2, 'user.created', $1, now() - $3 * interval '1 day')`,
        [uuidv7(), economy.tenantId, 5 - age],
      )
    }
    const before = new Date(Date.now() - 2.5 * 24 * 60 * 60_000)
    expect(await expired.deleteIdempotencyRecords(before, 1)).toBe(1)
    expect(await expired.deleteIdempotencyRecords(before, 10)).toBe(1)
    expect(await expired.deleteIdempotencyRecords(before, 10)).toBe(0)

    const reader = createOutboxReader(database)
    const [first] = await readAll(reader, 'slow', 1)
    if (!first) throw new Error('events were written')
    await reader.advance('slow', first)
    expect(await expired.deleteOutboxEvents(before, 10)).toBe(1)
    await owner.query('DELETE FROM outbox_cursor')
    expect(await expired.deleteOutboxEvents(before, 10)).toBe(1)
    expect(await readAll(reader, 'slow', 2)).toHaveLength(2)
  })
})
