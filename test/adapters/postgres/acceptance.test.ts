import fc from 'fast-check'
import pg from 'pg'
import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRuleCompiler } from '#adapters/cel/rule-compiler.ts'
import { createAcceptanceStore } from '#adapters/postgres/acceptance-store.ts'
import { Database } from '#adapters/postgres/database.ts'
import {
  type AcceptRequest,
  type AcceptResult,
  acceptTransactions,
  type Drafts,
} from '#core/transaction/accept-transactions.ts'
import { Acceptor } from '#core/transaction/acceptor.ts'
import type { ExecuteTransaction } from '#core/transaction/transaction.ts'
import { type EconomyFixture, insertEconomy } from '#test/support/economy-fixture.ts'
import { createTestDatabase, type TestDatabase } from '#test/support/stack.ts'

let database: TestDatabase
let app: Database
let owner: pg.Pool

beforeAll(async () => {
  database = await createTestDatabase()
  app = new Database({ url: database.appUrl, poolSize: 4, applicationName: 'test-acceptance' })
  owner = new pg.Pool({ connectionString: database.ownerUrl, max: 2 })
})

afterAll(async () => {
  await app.close()
  await owner.end()
  await database.drop()
})

function anAcceptor(
  woken: string[] = [],
  now = () => new Date(),
): (requests: readonly AcceptRequest[]) => Promise<AcceptResult[]> {
  const deps = {
    acceptance: createAcceptanceStore(app, createRuleCompiler()),
    configs: new Map(),
    clock: { now },
    ids: { next: uuidv7 },
    priceMaxAgeMs: 60_000,
    wakeLanes: (lanes: readonly string[]) => void woken.push(...lanes),
  }
  return (requests) => acceptTransactions(deps, requests)
}

function aRequest(
  economy: EconomyFixture,
  items: Partial<ExecuteTransaction>[],
  options: Partial<AcceptRequest> = {},
): AcceptRequest {
  return {
    tenantId: economy.tenantId,
    economyId: economy.economyId,
    items: items.map((item) => ({
      type: { name: 'tip' },
      fromUserId: economy.userIds[0] ?? null,
      toUserId: economy.userIds[1] ?? null,
      amount: '10',
      commission: null,
      metadata: {},
      ...item,
    })),
    idempotency: null,
    dryRun: false,
    ...options,
  }
}

/** A type and a user that there might be. */
function draftsFor({ tenantId, economyId }: EconomyFixture): Required<Drafts> {
  const now = new Date()
  return {
    type: {
      id: uuidv7(),
      tenantId,
      economyId,
      name: 'not made yet',
      kind: 'user_to_user',
      status: 'active',
      currency: 'token',
      amount: null,
      commission: null,
      metadata: {},
      createdAt: now,
      updatedAt: now,
    },
    recipient: {
      id: uuidv7(),
      type: 'user',
      status: 'active',
      isVerified: false,
      isManaged: true,
      metadata: {},
      createdAt: now,
      settled: 0n,
      held: 0n,
    },
  }
}

function codesOf(result: AcceptResult | undefined): string[] {
  if (!result || 'error' in result) return [result?.error.code ?? 'missing']
  return result.items.map((item) => ('accepted' in item ? 'accepted' : item.refused.code))
}

async function accountOf(economy: EconomyFixture, id: string | undefined) {
  const { rows } = await owner.query(
    'SELECT settled, held, pending_in FROM account_balance WHERE economy_id = $1 AND id = $2',
    [economy.economyId, id],
  )
  const row = rows[0]
  return { settled: BigInt(row.settled), held: BigInt(row.held), pendingIn: BigInt(row.pending_in) }
}

async function count(table: string, economy: EconomyFixture): Promise<number> {
  const { rows } = await owner.query(
    `SELECT count(*)::int AS n FROM ${pg.escapeIdentifier(table)} WHERE economy_id = $1`,
    [economy.economyId],
  )
  return rows[0].n
}

const key = (name: string, amount = '10') => ({
  key: name,
  fingerprint: { method: 'POST', path: '/v3/transactions', fields: { amount } },
})

describe('acceptTransactions', () => {
  it('holds amount and commission, expects both at their recipients and wakes the lane', async () => {
    const economy = await insertEconomy(database.ownerUrl, { balances: [1_000n, 0n] })
    const woken: string[] = []
    const [result] = await anAcceptor(woken)([aRequest(economy, [{ amount: '200' }])])
    expect(codesOf(result)).toEqual(['accepted'])
    expect(await accountOf(economy, economy.userIds[0])).toEqual({
      settled: 1_000n,
      held: 202n,
      pendingIn: 0n,
    })
    expect(await accountOf(economy, economy.userIds[1])).toEqual({ settled: 0n, held: 0n, pendingIn: 200n })
    expect(await accountOf(economy, economy.companyId)).toEqual({ settled: 0n, held: 0n, pendingIn: 2n })
    expect(woken).toEqual([economy.laneId])
    expect([
      await count('transfer', economy),
      await count('hold', economy),
      await count('outbox_event', economy),
    ]).toEqual([2, 1, 1])
  })

  it('refuses what the balance does not cover and accepts its neighbours in the same batch', async () => {
    const economy = await insertEconomy(database.ownerUrl, { balances: [100n, 0n] })
    const fixed = { type: { name: 'fixed' }, amount: null }
    const [result] = await anAcceptor()([
      aRequest(economy, [{ amount: '98' }, { amount: '3' }, fixed, { amount: '1' }]),
    ])
    // 98 + 0 commission (1 % of 98 rounds down to 0) leaves 2: neither 3 nor the fixed 5 fit, 1 does.
    expect(codesOf(result)).toEqual(['accepted', 'insufficient_funds', 'insufficient_funds', 'accepted'])
    expect((await accountOf(economy, economy.userIds[0])).held).toBe(99n)
  })

  it('names what is wrong with an item, and writes nothing for it', async () => {
    const economy = await insertEconomy(database.ownerUrl, { balances: [100n, 0n], company: 100n })
    const [alice, bob] = economy.userIds
    const [result] = await anAcceptor()([
      aRequest(economy, [
        { type: { name: 'nope' } },
        { toUserId: uuidv7() },
        { toUserId: alice ?? null },
        { type: { name: 'reward' }, fromUserId: alice ?? null, toUserId: bob ?? null },
        { amount: '1.5' },
        { amount: null },
        { type: { name: 'fixed' }, amount: '5' },
        { commission: '1' },
        { type: { name: 'reward' }, fromUserId: null, toUserId: bob ?? null },
        { type: { name: 'purchase' }, toUserId: null },
      ]),
    ])
    expect(codesOf(result)).toEqual([
      'transaction_type_not_found',
      'user_not_found',
      'invalid_parties',
      'invalid_parties',
      'invalid_amount',
      'invalid_amount',
      'invalid_amount',
      'invalid_commission',
      'accepted',
      'accepted',
    ])
    expect(await count('transaction', economy)).toBe(2)
  })

  it('refuses everything while the economy is paused', async () => {
    const economy = await insertEconomy(database.ownerUrl, { balances: [100n, 0n], status: 'paused' })
    const [result] = await anAcceptor()([aRequest(economy, [{}])])
    expect(codesOf(result)).toEqual(['economy_not_active'])
  })

  it("does not find another economy's users", async () => {
    const mine = await insertEconomy(database.ownerUrl, { balances: [100n, 0n] })
    const other = await insertEconomy(database.ownerUrl, { balances: [100n, 0n] })
    const results = await anAcceptor()([
      aRequest(mine, [{ fromUserId: other.userIds[0] ?? null }]),
      aRequest(other, [{}]),
      aRequest(mine, [{ toUserId: other.userIds[1] ?? null }]),
    ])
    expect(results.flatMap(codesOf)).toEqual(['user_not_found', 'accepted', 'user_not_found'])
  })

  it('replays the first result of a key, whatever it was', async () => {
    const economy = await insertEconomy(database.ownerUrl, { balances: [100n, 0n] })
    const accept = anAcceptor()
    const good = aRequest(economy, [{}], { idempotency: key('good') })
    const bad = aRequest(economy, [{ amount: '1000' }], { idempotency: key('bad', '1000') })
    const batch = aRequest(economy, [{}, { amount: '1000' }], { idempotency: key('batch') })
    const first = await accept([good, bad, batch])
    const second = await accept([good, bad, batch])
    expect(second.map((result) => 'items' in result && result.replayed)).toEqual([true, true, true])
    expect(second.map((result) => 'items' in result && result.items)).toEqual(
      first.map((result) => 'items' in result && result.items),
    )
    expect(await count('transaction', economy)).toBe(2)
  })

  it('names what differs when a key comes back with another request', async () => {
    const economy = await insertEconomy(database.ownerUrl, { balances: [100n, 0n] })
    const accept = anAcceptor()
    await accept([aRequest(economy, [{}], { idempotency: key('k') })])
    const [result] = await accept([aRequest(economy, [{ amount: '11' }], { idempotency: key('k', '11') })])
    expect(result).toMatchObject({
      error: { code: 'idempotency_key_reused', details: { differing: ['/amount'] } },
    })
  })

  it('decides a dry run and writes nothing', async () => {
    const economy = await insertEconomy(database.ownerUrl, { balances: [100n, 0n] })
    const [result] = await anAcceptor()([
      aRequest(economy, [{}, { amount: '1000' }], { dryRun: true, idempotency: key('dry') }),
    ])
    expect(codesOf(result)).toEqual(['accepted', 'insufficient_funds'])
    expect([
      await count('transaction', economy),
      (await accountOf(economy, economy.userIds[0])).held,
    ]).toEqual([0, 0n])
  })

  it('decides a dry run with what is not there yet, and nothing else with it', async () => {
    const economy = await insertEconomy(database.ownerUrl, { balances: [100n, 0n] })
    const { type, recipient } = draftsFor(economy)
    const items = [
      { type: { name: type.name }, toUserId: recipient.id },
      { toUserId: recipient.id, amount: '1000' },
    ]
    const accept = anAcceptor()
    const [result] = await accept([aRequest(economy, items, { dryRun: true, drafts: { type, recipient } })])
    expect(codesOf(result)).toEqual(['accepted', 'insufficient_funds'])
    const [without] = await accept([aRequest(economy, items, { dryRun: true })])
    expect(codesOf(without)).toEqual(['transaction_type_not_found', 'user_not_found'])
    await expect(accept([aRequest(economy, items, { drafts: { recipient } })])).rejects.toThrow('dry run')
    expect(await count('transaction', economy)).toBe(0)
  })

  it('asks the rules over stored windows and what the batch itself has accepted', async () => {
    const economy = await insertEconomy(database.ownerUrl, { balances: [1_000n, 0n] })
    await owner.query(
      `INSERT INTO token_rule (economy_id, id, tenant_id, name, expression, message) VALUES ($1, $2, $3, 'three-a-day', 'window.sender.day.count < 3', 'At most three a day.')`,
      [economy.economyId, uuidv7(), economy.tenantId],
    )
    const accept = anAcceptor()
    const [first] = await accept([aRequest(economy, [{}, {}])])
    const [second] = await accept([aRequest(economy, [{}, {}])])
    expect(codesOf(first)).toEqual(['accepted', 'accepted'])
    expect(codesOf(second)).toEqual(['accepted', 'rule_violated'])
  })

  it('sees a changed configuration at once', async () => {
    const economy = await insertEconomy(database.ownerUrl, { balances: [100n, 0n] })
    const accept = anAcceptor()
    await accept([aRequest(economy, [{}])])
    await owner.query('UPDATE transaction_type SET status = $2 WHERE id = $1', [
      economy.types.tip,
      'archived',
    ])
    await owner.query('UPDATE economy SET config_version = config_version + 1 WHERE id = $1', [
      economy.economyId,
    ])
    expect(codesOf((await accept([aRequest(economy, [{}])]))[0])).toEqual(['transaction_type_archived'])
  })

  it('counts what each user sends by the hour, whatever order the hours come in', {
    timeout: 60_000,
  }, async () => {
    const base = Date.parse('2026-11-30T12:00:00Z')
    const hourAt = (hour: number) => new Date(base + hour * 3_600_000)
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            from: fc.nat(2),
            to: fc.nat(2),
            hour: fc.nat(2),
            amount: fc.integer({ min: 1, max: 9 }),
          }),
          {
            minLength: 1,
            maxLength: 12,
          },
        ),
        async (payments) => {
          const economy = await insertEconomy(database.ownerUrl, { balances: [1_000n, 1_000n, 1_000n] })
          const expected = new Map<string, { count: number; amount: bigint }>()
          for (const { from, to, hour, amount } of payments) {
            const [fromUserId = null, toUserId = null] = [economy.userIds[from], economy.userIds[to]]
            const accept = anAcceptor([], () => new Date(hourAt(hour).getTime() + 60_000))
            const [result] = await accept([
              aRequest(economy, [{ fromUserId, toUserId, amount: String(amount) }]),
            ])
            const [item] = result && 'items' in result ? result.items : []
            if (!item || !('accepted' in item)) continue
            const known = expected.get(`${fromUserId} ${hour}`) ?? { count: 0, amount: 0n }
            const total = item.accepted.amount + item.accepted.commission
            expected.set(`${fromUserId} ${hour}`, { count: known.count + 1, amount: known.amount + total })
          }
          const { rows } = await owner.query<{ id: string; hour: Date; count: string; amount: string }>(
            `SELECT id, hour, sum(count) AS count, sum(amount) AS amount
             FROM (SELECT subject_id AS id, hour, count, amount FROM activity WHERE economy_id = $1 AND subject_id = ANY ($2)
                   UNION ALL SELECT user_id, activity_hour, activity_count, activity_amount FROM wallet
                   WHERE economy_id = $1 AND user_id = ANY ($2) AND activity_count > 0) AS hours
             GROUP BY id, hour`,
            [economy.economyId, economy.userIds],
          )
          const found = rows.map(({ id, hour, count, amount }) => {
            const at = (hour.getTime() - base) / 3_600_000
            return [`${id} ${at}`, { count: Number(count), amount: BigInt(amount) }] as const
          })
          expect(new Map(found)).toEqual(expected)
        },
      ),
      { numRuns: 15 },
    )
  })

  it('never overdraws and never doubles under parallel load with retries', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            from: fc.nat(4),
            to: fc.nat(4),
            amount: fc.integer({ min: 1, max: 60 }),
            retries: fc.nat(2),
          }),
          { minLength: 20, maxLength: 80 },
        ),
        async (payments) => {
          const economy = await insertEconomy(database.ownerUrl, { balances: [100n, 100n, 100n, 100n, 100n] })
          // Two processes: two acceptors over the same database.
          const acceptors = [new Acceptor(anAcceptor()), new Acceptor(anAcceptor())]
          const run = async ({ from, to, amount, retries }: (typeof payments)[number], index: number) => {
            const request = aRequest(
              economy,
              [
                {
                  fromUserId: economy.userIds[from] ?? null,
                  toUserId: economy.userIds[to] ?? null,
                  amount: String(amount),
                },
              ],
              { idempotency: key(`p${index}`, String(amount)) },
            )
            const tries = Array.from({ length: retries + 1 }, (_, attempt) =>
              (acceptors[(index + attempt) % 2] ?? expect.unreachable()).submit(request),
            )
            return Promise.allSettled(tries)
          }
          const settled = (await Promise.all(payments.map(run))).flat()
          const unexpected = settled.filter(
            (one) =>
              one.status === 'rejected' &&
              (one.reason as { code?: string }).code !== 'idempotency_key_in_progress',
          )
          expect(unexpected).toEqual([])
          const { rows } = await owner.query(
            `SELECT a.id, a.settled, a.held,
                    (SELECT coalesce(sum(amount), 0) FROM hold h WHERE h.economy_id = a.economy_id AND h.account_id = a.id) AS holds,
                    a.pending_in,
                    (SELECT coalesce(sum(amount), 0) FROM transfer t WHERE t.economy_id = a.economy_id AND t.to_account_id = a.id) AS incoming
             FROM account_balance a WHERE a.economy_id = $1 AND a.kind = 'wallet'`,
            [economy.economyId],
          )
          for (const row of rows) {
            expect(BigInt(row.held)).toBeLessThanOrEqual(BigInt(row.settled))
            expect(row.held).toBe(row.holds)
            expect(row.pending_in).toBe(row.incoming)
          }
          const [{ transactions, keys }] = (
            await owner.query(
              `SELECT (SELECT count(*) FROM transaction WHERE economy_id = $1) AS transactions,
                      (SELECT count(*) FROM idempotency_record WHERE scope_id = $1 AND response IS NULL) AS keys`,
              [economy.economyId],
            )
          ).rows
          expect(transactions).toBe(keys)
        },
      ),
      { numRuns: 15 },
    )
  })
})
