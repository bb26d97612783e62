import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createRuleCompiler } from '#adapters/cel/rule-compiler.ts'
import { createAcceptanceStore } from '#adapters/postgres/acceptance-store.ts'
import { Database } from '#adapters/postgres/database.ts'
import { AccountChanges, changeAccounts } from '#adapters/postgres/ledger-rows.ts'
import { type AcceptDeps, acceptTransactions } from '#core/transaction/accept-transactions.ts'
import { type LedgerEconomy, LedgerFixtures } from '#test/support/ledger-fixtures.ts'
import { createTestDatabase, type TestDatabase } from '#test/support/stack.ts'
import { carryTo } from '#test/support/mined-submission.ts'

/** docs/adr/0021-two-writers-two-rows.md */

const CHAIN_ID = 71_021
const USERS = 5
const START = 100n

let urls: TestDatabase
let fixtures: LedgerFixtures
let apis: [Database, Database]
let worker: Database

beforeAll(async () => {
  urls = await createTestDatabase()
  fixtures = new LedgerFixtures(urls.ownerUrl)
  const connect = (url: string) => new Database({ url, poolSize: 2, applicationName: 'two-writers' })
  apis = [connect(urls.appUrl), connect(urls.appUrl)]
  worker = connect(urls.workerUrl)
  await fixtures.addChain({ chainId: CHAIN_ID, finalityDepth: 0 })
})
afterAll(async () => {
  await Promise.all([...apis, worker].map((database) => database.close()))
  await fixtures.close()
  await urls.drop()
})

interface Payment {
  from: number
  to: number
  amount: number
}

it('accepts while every account of the economy is locked by the indexer', async () => {
  const { economy, typeId } = await anEconomy()
  const indexer = await fixtures.pool.connect()
  try {
    await indexer.query('BEGIN')
    await indexer.query('UPDATE account SET settled = settled WHERE economy_id = $1', [economy.economyId])
    const [result] = await accept(acceptorOf(apis[0]), economy, typeId, [{ from: 1, to: 2, amount: 30 }])
    expect(result).toMatchObject({ items: [{ accepted: { amount: 30n } }] })
  } finally {
    await indexer.query('ROLLBACK')
    indexer.release()
  }
})

it('never lets anybody spend more than there is, however acceptance and settlement interleave', async () => {
  const payment = fc.record({
    from: fc.integer({ min: 1, max: USERS }),
    to: fc.integer({ min: 1, max: USERS }),
    amount: fc.integer({ min: 1, max: 80 }),
  })
  const batches = fc.array(fc.array(payment, { minLength: 1, maxLength: 6 }), { minLength: 4, maxLength: 16 })
  await fc.assert(
    fc.asyncProperty(batches, fc.infiniteStream(fc.nat({ max: 4 })), async (work, pauses) => {
      const { economy, typeId } = await anEconomy()
      const [first, second] = apis.map(acceptorOf)
      let isAccepting = true
      const accepting = Promise.all(
        [first, second].map(async (acceptor, of) => {
          for (const [index, payments] of work.entries())
            if (index % 2 === of && acceptor) await accept(acceptor, economy, typeId, payments)
        }),
      ).finally(() => {
        isAccepting = false
      })
      // A payment that was accepted and is not there takes `settled` below zero, which the database refuses.
      while (isAccepting) {
        await settleAll(economy)
        await sleep(pauses.next().value)
      }
      await accepting
      await settleAll(economy)
      const rows = await fixtures.all(
        'SELECT settled, held, pending_in FROM account_balance WHERE economy_id = $1',
        [economy.economyId],
      )
      expect(rows.every(({ held, pending_in }) => held === '0' && pending_in === '0')).toBe(true)
      expect(rows.reduce((sum, { settled }) => sum + BigInt(String(settled)), 0n)).toBe(START * BigInt(USERS))
    }),
    { numRuns: 15 },
  )
})

async function anEconomy(): Promise<{ economy: LedgerEconomy; typeId: string }> {
  const economy = await fixtures.addEconomy({ chainId: CHAIN_ID, users: USERS + 1 })
  const typeId = uuidv7()
  await fixtures.all(
    `INSERT INTO transaction_type (economy_id, id, tenant_id, name, kind, allows_arbitrary_amount)
     VALUES ($1, $2, $3, 'tip', 'user_to_user', true)`,
    [economy.economyId, typeId, economy.tenantId],
  )
  await fixtures.all('UPDATE account SET settled = $2 WHERE economy_id = $1 AND id <> $3', [
    economy.economyId,
    START.toString(),
    economy.users[0]?.id,
  ])
  return { economy, typeId }
}

function acceptorOf(database: Database): AcceptDeps {
  return {
    acceptance: createAcceptanceStore(database, createRuleCompiler()),
    configs: new Map(),
    clock: { now: () => new Date() },
    ids: { next: uuidv7 },
    priceMaxAgeMs: 1,
    wakeLanes: () => {},
  }
}

function accept(
  deps: AcceptDeps,
  { tenantId, economyId, users }: LedgerEconomy,
  typeId: string,
  payments: readonly Payment[],
) {
  const items = payments.map(({ from, to, amount }) => ({
    type: { id: typeId },
    fromUserId: users[from]?.id ?? '',
    toUserId: users[to]?.id ?? '',
    amount: String(amount),
    commission: null,
    metadata: {},
  }))
  return acceptTransactions(deps, [{ tenantId, economyId, items, idempotency: null, dryRun: false }])
}

/** What settling a block does to accounts and transactions, for everything that was accepted until now. */
async function settleAll({ economyId }: LedgerEconomy): Promise<void> {
  await worker.rawByKeys([], async (client) => {
    const { rows } = await client.query<{
      id: string
      from_user_id: string
      to_user_id: string
      amount: string
    }>(
      `SELECT id, from_user_id, to_user_id, amount FROM transaction WHERE economy_id = $1 AND status = 'queued'`,
      [economyId],
    )
    await carryTo(
      async (text, values) => (await client.query(text, values)).rows,
      rows.map(({ id }) => id),
      'mined',
    )
    const changes = new AccountChanges()
    for (const { from_user_id: from, to_user_id: to, amount } of rows) {
      const payer = changes.of(economyId, from)
      payer.settled -= BigInt(amount)
      payer.held -= BigInt(amount)
      const recipient = changes.of(economyId, to)
      recipient.settled += BigInt(amount)
      recipient.pendingIn -= BigInt(amount)
    }
    await changeAccounts(client, changes.all())
  })
}
