import pg from 'pg'
import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRuleCompiler } from '#adapters/cel/rule-compiler.ts'
import { ids } from '#adapters/crypto/ids.ts'
import { createAirdropRun } from '#adapters/postgres/airdrop-run.ts'
import { Database } from '#adapters/postgres/database.ts'
import type { AirdropRun } from '#core/airdrop/airdrop-run.ts'
import { type RunAirdropDeps, runAirdrop } from '#core/airdrop/run-airdrop.ts'
import { silentObserver } from '#core/shared/observer.ts'
import { type EconomyFixture, insertEconomy } from '#test/support/economy-fixture.ts'
import { createTestDatabase, type TestDatabase } from '#test/support/stack.ts'

const USERS = 1_203
let testDatabase: TestDatabase
let database: Database
let owner: pg.Pool

beforeAll(async () => {
  testDatabase = await createTestDatabase()
  database = new Database({ url: testDatabase.workerUrl, poolSize: 6, applicationName: 'test' })
  owner = new pg.Pool({ connectionString: testDatabase.ownerUrl, max: 2 })
})
afterAll(async () => {
  await database.close()
  await owner.end()
  await testDatabase.drop()
})

interface Selection {
  kind: 'all' | 'filter' | 'list'
  filter?: object
  userIds?: string[]
  total?: number
}

async function anEconomy(company = 10n ** 9n): Promise<EconomyFixture> {
  return insertEconomy(testDatabase.ownerUrl, { balances: Array.from({ length: USERS }, () => 0n), company })
}

async function anAirdrop(economy: EconomyFixture, selection: Selection = { kind: 'all' }): Promise<string> {
  const id = uuidv7()
  const list = selection.userIds ?? []
  await owner.query(
    `INSERT INTO airdrop (economy_id, id, tenant_id, type_id, amount, selection, recipient_ids, total) VALUES ($1, $2, $3, $4, 7, $5, $6, $7)`,
    [
      economy.economyId,
      id,
      economy.tenantId,
      economy.types.reward,
      JSON.stringify({
        kind: selection.kind,
        filter: selection.filter ?? null,
        amount: '7',
        lastUserId: selection.kind === 'list' ? null : economy.userIds.toSorted().at(-1),
      }),
      list.toSorted(),
      selection.total ?? (selection.kind === 'list' ? list.length : USERS),
    ],
  )
  return id
}

function deps(overrides: Partial<RunAirdropDeps> = {}): RunAirdropDeps & { woken: string[] } {
  const woken: string[] = []
  return {
    airdrops: createAirdropRun(database, { ids, compiler: createRuleCompiler() }),
    accept: {
      configs: new Map(),
      clock: { now: () => new Date() },
      ids,
      priceMaxAgeMs: 3_600_000,
      wakeLanes: (laneIds) => woken.push(...laneIds),
    },
    observer: silentObserver,
    woken,
    ...overrides,
  }
}

const stateOf = async (id: string) => (await owner.query('SELECT * FROM airdrop WHERE id = $1', [id])).rows[0]

/** How often each recipient was given a transaction. */
async function timesPaid(economy: EconomyFixture, airdropId: string): Promise<Map<string, number>> {
  const { rows } = await owner.query<{ to_user_id: string; times: number }>(
    'SELECT to_user_id, count(*)::int AS times FROM transaction WHERE economy_id = $1 AND airdrop_id = $2 GROUP BY to_user_id',
    [economy.economyId, airdropId],
  )
  return new Map(rows.map((row) => [row.to_user_id, row.times]))
}

async function expectEachPaidOnce(economy: EconomyFixture, airdropId: string): Promise<void> {
  const times = await timesPaid(economy, airdropId)
  expect([...times.keys()].toSorted()).toEqual(economy.userIds.toSorted())
  expect(new Set(times.values())).toEqual(new Set([1]))
}

async function untilEnded(run: RunAirdropDeps, airdropId: string): Promise<void> {
  for (let count = 0; count < 200; count += 1) {
    const result = await runAirdrop(run, airdropId).catch(() => 'crashed')
    if (result === 'ended') return
  }
  throw new Error('the airdrop did not end')
}

describe('running an airdrop', () => {
  it('pays every user once, holds the funds, wakes the lane, and tells that it ended', async () => {
    const economy = await anEconomy()
    const airdropId = await anAirdrop(economy)
    const run = deps()
    await untilEnded(run, airdropId)
    await expectEachPaidOnce(economy, airdropId)
    expect(await stateOf(airdropId)).toMatchObject({ status: 'completed', accepted: USERS, refused: 0 })
    expect(new Set(run.woken)).toEqual(new Set([economy.laneId]))
    const { rows } = await owner.query('SELECT held FROM account_balance WHERE economy_id = $1 AND id = $2', [
      economy.economyId,
      economy.companyId,
    ])
    expect(rows[0].held).toBe(String(7 * USERS))
    const events = await owner.query(
      'SELECT topic, payload FROM outbox_event WHERE subject_id = $1 ORDER BY xid, id',
      [airdropId],
    )
    expect(events.rows).toEqual([
      { topic: 'airdrop.running', payload: {} },
      { topic: 'airdrop.completed', payload: { total: USERS, accepted: USERS, refused: 0 } },
    ])
  })

  it('pays every user once when it is run by several workers at once', async () => {
    const economy = await anEconomy()
    const airdropId = await anAirdrop(economy)
    await Promise.all([1, 2, 3, 4].map(async () => untilEnded(deps(), airdropId)))
    await expectEachPaidOnce(economy, airdropId)
    expect(await stateOf(airdropId)).toMatchObject({ status: 'completed', accepted: USERS })
    const events = await owner.query('SELECT topic FROM outbox_event WHERE subject_id = $1', [airdropId])
    expect(events.rows).toHaveLength(2)
  })

  it('neither skips nor repeats a user when it dies before or after any commit', async () => {
    const economy = await anEconomy()
    const airdropId = await anAirdrop(economy)
    const real = createAirdropRun(database, { ids, compiler: createRuleCompiler() })
    let deaths = 0
    const mortal: AirdropRun = {
      chunk: async (id, work) => {
        const fate = deaths++ % 4
        const result = await real.chunk(id, async (chunk) => {
          if (fate === 0) throw new Error('died before anything was written')
          const written = await work(chunk)
          if (fate === 1) throw new Error('died before the commit')
          return written
        })
        if (fate === 2) throw new Error('died after the commit, before anybody learnt of it')
        return result
      },
    }
    await untilEnded(deps({ airdrops: mortal }), airdropId)
    await expectEachPaidOnce(economy, airdropId)
    expect(await stateOf(airdropId)).toMatchObject({ status: 'completed', accepted: USERS, refused: 0 })
  })

  it('refuses recipient by recipient when the funds end, and overdraws nothing', async () => {
    const economy = await anEconomy(7n * 1_000n + 3n)
    const airdropId = await anAirdrop(economy)
    await untilEnded(deps(), airdropId)
    expect(await stateOf(airdropId)).toMatchObject({
      status: 'completed',
      accepted: 1_000,
      refused: USERS - 1_000,
    })
    expect(await timesPaid(economy, airdropId)).toHaveProperty('size', 1_000)
  })

  it('waits while the economy is paused and goes on where it stopped', async () => {
    const economy = await anEconomy()
    const airdropId = await anAirdrop(economy)
    await owner.query(
      `UPDATE economy SET status = 'paused', config_version = config_version + 1 WHERE id = $1`,
      [economy.economyId],
    )
    expect(await runAirdrop(deps(), airdropId)).toBe('waiting')
    expect(await stateOf(airdropId)).toMatchObject({ accepted: 0, refused: 0 })
    await owner.query(
      `UPDATE economy SET status = 'active', config_version = config_version + 1 WHERE id = $1`,
      [economy.economyId],
    )
    await untilEnded(deps(), airdropId)
    await expectEachPaidOnce(economy, airdropId)
  })

  it('fails with the reason when its transaction type was archived', async () => {
    const economy = await anEconomy()
    const airdropId = await anAirdrop(economy)
    await owner.query(`UPDATE transaction_type SET status = 'archived' WHERE id = $1`, [economy.types.reward])
    expect(await runAirdrop(deps(), airdropId)).toBe('ended')
    expect(await stateOf(airdropId)).toMatchObject({
      status: 'failed',
      accepted: 0,
      failure_reason: expect.stringContaining('transaction_type_archived'),
    })
    expect(await runAirdrop(deps(), airdropId)).toBe('ended')
  })

  it('gives to those who match a filter, and never to one who had an airdrop when that is asked', async () => {
    const economy = await anEconomy()
    const [first, second, third] = economy.userIds
    await owner.query(
      `UPDATE economy_user SET is_verified = true, metadata = '{"city": "Berlin", "tier": 2}' WHERE id = ANY ($1)`,
      [[first, second, third]],
    )
    await owner.query(`UPDATE economy_user SET metadata = '{"city": "Pune", "tier": 2}' WHERE id = $1`, [
      third,
    ])
    const berlin = await anAirdrop(economy, {
      kind: 'filter',
      filter: { isVerified: true, metadata: { city: 'Berlin' } },
      total: 2,
    })
    await untilEnded(deps(), berlin)
    expect(new Set((await timesPaid(economy, berlin)).keys())).toEqual(new Set([first, second]))
    const never = await anAirdrop(economy, {
      kind: 'filter',
      filter: { neverAirdropped: true },
      total: USERS - 2,
    })
    await untilEnded(deps(), never)
    const paid = await timesPaid(economy, never)
    expect(paid.size).toBe(USERS - 2)
    expect(paid.has(first ?? '')).toBe(false)
  })

  it('gives to the users of a list, and counts those who were archived since as refused', async () => {
    const economy = await anEconomy()
    const userIds = economy.userIds.slice(0, 600)
    const airdropId = await anAirdrop(economy, { kind: 'list', userIds })
    await owner.query(`UPDATE economy_user SET status = 'archived' WHERE id = $1`, [userIds[10]])
    await untilEnded(deps(), airdropId)
    expect(await stateOf(airdropId)).toMatchObject({ status: 'completed', accepted: 599, refused: 1 })
  })

  it('passes over users who joined after it was created, and counts those who left as refused', async () => {
    const economy = await anEconomy()
    const airdropId = await anAirdrop(economy)
    const newcomer = uuidv7()
    await owner.query('INSERT INTO economy_user (economy_id, id, tenant_id) VALUES ($1, $2, $3)', [
      economy.economyId,
      newcomer,
      economy.tenantId,
    ])
    await owner.query(`UPDATE economy_user SET status = 'archived' WHERE id = $1`, [economy.userIds[5]])
    await untilEnded(deps(), airdropId)
    expect(await stateOf(airdropId)).toMatchObject({ status: 'completed', accepted: USERS - 1, refused: 1 })
    expect((await timesPaid(economy, airdropId)).has(newcomer)).toBe(false)
  })
})
