import { afterAll, beforeAll, expect, it } from 'vitest'
import { uuidv7 } from 'uuidv7'
import { createRuleCompiler } from '#adapters/cel/rule-compiler.ts'
import { createAcceptanceStore } from '#adapters/postgres/acceptance-store.ts'
import { Database } from '#adapters/postgres/database.ts'
import { createSettlementStore } from '#adapters/postgres/settlement-store.ts'
import { createSubmissionStore } from '#adapters/postgres/submission-store.ts'
import { fingerprintOf } from '#core/idempotency/fingerprint.ts'
import type { KnownSubmission, Settlement } from '#core/ledger/settlement.ts'
import { acceptTransactions } from '#core/transaction/accept-transactions.ts'
import { A_CALL, aBlock, aHash, anAttempt, aSettlement } from '#test/contracts/money-fixtures.ts'
import { type LedgerEconomy, LedgerFixtures } from '#test/support/ledger-fixtures.ts'
import { createTestDatabase, type TestDatabase } from '#test/support/stack.ts'

/** docs/adr/0012-rows-by-their-keys.md */

const CHAIN_ID = 71_012
const USERS = 2_000
const BATCHES = 20
const BATCH = 40
const TRANSFERS = BATCHES * BATCH
/** Rows of one table that may be read per transfer. A wrong plan reads hundreds. */
const READS_MAX = 16
const TABLES = [
  'account',
  'economy_user',
  'wallet',
  'transaction',
  'transfer',
  'open_transaction',
  'idempotency_record',
  'entry',
  'outbox_event',
]

const ids = { next: uuidv7 }
let urls: TestDatabase
let fixtures: LedgerFixtures

beforeAll(async () => {
  urls = await createTestDatabase()
  fixtures = new LedgerFixtures(urls.ownerUrl)
})

afterAll(async () => {
  await fixtures.close()
  await urls.drop()
})

it('reads only rows that it was given keys of, with statistics from before the economy grew', async () => {
  await fixtures.addChain({ chainId: CHAIN_ID, finalityDepth: 0 })
  for (let other = 0; other < 5; other++) await fixtures.addEconomy({ chainId: CHAIN_ID, users: 1 })
  await fixtures.all('ANALYZE')
  const economy = await fixtures.addEconomy({ chainId: CHAIN_ID, users: USERS })
  await fixtures.all('UPDATE account SET settled = 1000000 WHERE economy_id = $1', [economy.economyId])
  const before = await rowsRead()

  await carry(economy)

  const { ended } = await fixtures.one(
    `SELECT count(*)::int AS ended FROM transaction WHERE economy_id = $1 AND status = 'confirmed'`,
    [economy.economyId],
  )
  expect(ended).toBe(TRANSFERS)
  const after = await rowsRead()
  const perTransfer = TABLES.map((table) => ({
    table,
    reads: ((after.get(table) ?? 0) - (before.get(table) ?? 0)) / TRANSFERS,
  }))
  expect(perTransfer.filter(({ reads }) => reads > READS_MAX)).toEqual([])
  expect(perTransfer.find(({ table }) => table === 'account')?.reads).toBeGreaterThan(1)
})

/** Accepts, signs, settles and confirms, over connections that have gone when it ends: their counts are in then. */
async function carry(economy: LedgerEconomy): Promise<void> {
  const connect = (url: string) => new Database({ url, poolSize: 1, applicationName: 'plans' })
  const [app, worker] = [connect(urls.appUrl), connect(urls.workerUrl)]
  try {
    await acceptAll(app, economy)
    const settlements = createSettlementStore(worker, ids)
    const txHashes = await signAll(worker, economy)
    const genesis = aBlock(null)
    await fixtures.all(
      'INSERT INTO chain_cursor (chain_id, block_number, block_hash, final_number, head_number) VALUES ($1, 0, $2, 0, 0)',
      [CHAIN_ID, genesis.hash],
    )
    const known = await settlements.submissionsOf(txHashes)
    const settlement = aSettlement([aBlock(genesis, txHashes)], partsOf(economy, known))
    await settlements.settle(CHAIN_ID, genesis, settlement, 1)
    await settlements.confirm(CHAIN_ID, TRANSFERS)
  } finally {
    await Promise.all([app.close(), worker.close()])
  }
}

async function acceptAll(app: Database, { economyId, tenantId, users }: LedgerEconomy): Promise<void> {
  const typeId = uuidv7()
  await fixtures.all(
    `INSERT INTO transaction_type (economy_id, id, tenant_id, name, kind, allows_arbitrary_amount)
     VALUES ($1, $2, $3, 'tip', 'user_to_user', true)`,
    [economyId, typeId, tenantId],
  )
  const deps = {
    acceptance: createAcceptanceStore(app, createRuleCompiler()),
    configs: new Map(),
    clock: { now: () => new Date() },
    ids,
    priceMaxAgeMs: 1,
    wakeLanes: () => {},
  }
  const idOf = (index: number) => users[1 + (index % (USERS - 1))]?.id ?? ''
  for (let batch = 0; batch < BATCHES; batch++) {
    const requests = Array.from({ length: BATCH }, (_, index) => ({
      tenantId,
      economyId,
      items: [
        {
          type: { id: typeId },
          fromUserId: idOf(batch * 97 + index * 13),
          toUserId: idOf(batch * 97 + index * 13 + 1),
          amount: '1',
          commission: null,
          metadata: {},
        },
      ],
      idempotency: {
        key: uuidv7(),
        fingerprint: fingerprintOf('POST', '/v3/transactions', { batch, index }),
      },
      dryRun: false,
    }))
    await acceptTransactions(deps, requests)
  }
}

async function signAll(worker: Database, economy: LedgerEconomy): Promise<string[]> {
  const { economyId, tenantId, laneId, tokenRules: tokenRulesAddress } = economy
  const txHashes: string[] = []
  for (let nonce = 0; nonce * 100 < TRANSFERS; nonce++) {
    const attempt = { ...anAttempt(uuidv7()), txHash: aHash() }
    await createSubmissionStore(worker, ids).withLaneLocked(laneId, async (locked) => {
      const claimed = await locked.claimPayments(economyId, 100)
      const transactionIds = claimed.map(({ transactionId }) => transactionId)
      const of = { economyId, tenantId, tokenRulesAddress }
      await locked.recordBatch({ economy: of, call: A_CALL, nonce, attempt, transactionIds })
    })
    txHashes.push(attempt.txHash)
  }
  return txHashes
}

function partsOf(
  { economyId, tenantId }: LedgerEconomy,
  known: readonly KnownSubmission[],
): Partial<Settlement> {
  const at = { economyId, tenantId, blockIndex: 0 }
  const paid = known.flatMap(({ txHash, payments }) => payments.map((payment) => ({ txHash, ...payment })))
  const legs = paid.flatMap(({ txHash, transactionId, legs }) =>
    legs.map((leg) => ({ ...leg, txHash, transactionId })),
  )
  const none = { economyId, settled: 0n, held: 0n, pendingIn: 0n }
  const changes = new Map(
    legs
      .flatMap(({ fromAccountId, toAccountId }) => [fromAccountId, toAccountId])
      .map((accountId) => [accountId, { ...none, accountId }]),
  )
  const change = (accountId: string) => changes.get(accountId) ?? { ...none, accountId }
  for (const { fromAccountId, toAccountId, amount } of legs) {
    change(fromAccountId).settled -= amount
    change(fromAccountId).held -= amount
    change(toAccountId).settled += amount
    change(toAccountId).pendingIn -= amount
  }
  return {
    movements: legs.map((leg, logIndex) => ({ ...at, ...leg, logIndex })),
    payments: paid.map(({ txHash, transactionId, legs }) => ({
      ...at,
      txHash,
      transactionId,
      amount: legs.reduce((sum, leg) => sum + leg.amount, 0n),
    })),
    changes: [...changes.values()],
    submissions: known.map(({ id, txHash }) => ({
      id,
      txHash,
      blockIndex: 0,
      gasUsed: 1n,
      effectiveGasPrice: 1n,
      revertReason: null,
    })),
  }
}

/** Rows that were read of each table so far, found by an index or not. */
async function rowsRead(): Promise<Map<string, number>> {
  await fixtures.all('SELECT pg_stat_force_next_flush()')
  const rows = await fixtures.all(
    `SELECT relname, (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int AS reads FROM pg_stat_user_tables`,
  )
  return new Map(rows.map(({ relname, reads }) => [String(relname), Number(reads)]))
}
