import { afterEach, beforeEach, expect, it } from 'vitest'
import { uuidv7 } from 'uuidv7'
import { createRuleCompiler } from '#adapters/cel/rule-compiler.ts'
import { createAcceptanceStore } from '#adapters/postgres/acceptance-store.ts'
import { Database } from '#adapters/postgres/database.ts'
import { createSettlementStore } from '#adapters/postgres/settlement-store.ts'
import { createSubmissionStore } from '#adapters/postgres/submission-store.ts'
import { fingerprintOf } from '#core/idempotency/fingerprint.ts'
import type { BlockHeader } from '#core/ledger/block.ts'
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
  'queued_transaction',
  'chain_submission',
  'idempotency_record',
  'entry',
  'outbox_record',
]

const ids = { next: uuidv7 }
let urls: TestDatabase
let fixtures: LedgerFixtures

beforeEach(async () => {
  urls = await createTestDatabase()
  fixtures = new LedgerFixtures(urls.ownerUrl)
  await fixtures.addChain({ chainId: CHAIN_ID, finalityDepth: 0 })
})

afterEach(async () => {
  await fixtures.close()
  await urls.drop()
})

it('reads only rows that it was given keys of, with statistics from before the economy grew', async () => {
  for (let other = 0; other < 5; other++) await fixtures.addEconomy({ chainId: CHAIN_ID, users: 1 })
  await fixtures.all('ANALYZE')
  const economy = await addGrownEconomy()
  const before = await rowsRead()

  await withConnections((app, worker) => carry({ app, worker, economy, batches: BATCHES }))

  expect(await confirmedIn(economy)).toBe(TRANSFERS)
  expectFewReads(before, await rowsRead())
})

it.each(['never gathered', 'gathered with the first'])(
  'reads only rows that it was given keys of, with plans from its first transfer and statistics %s',
  async (statistics) => {
    const { economy, before } = await withConnections(async (app, worker) => {
      const small = await fixtures.addEconomy({ chainId: CHAIN_ID, users: 3 })
      await fixtures.all('UPDATE account SET settled = 1000000')
      if (statistics !== 'never gathered') await fixtures.all('ANALYZE')
      const from = await carry({ app, worker, economy: small, batches: 1, size: 1 })
      const economy = await addGrownEconomy()
      const before = await rowsRead()
      await carry({ app, worker, economy, batches: BATCHES, from })
      return { economy, before }
    })
    expect(await confirmedIn(economy)).toBe(TRANSFERS)
    expectFewReads(before, await rowsRead())
  },
)

it('reads only the entries of the blocks that it takes back', async () => {
  const small = await fixtures.addEconomy({ chainId: CHAIN_ID, users: 3 })
  await fixtures.all('UPDATE account SET settled = 1000000')
  await fixtures.all('ANALYZE')
  const [kept, orphaned] = await withConnections(async (app, worker) => {
    const block = await carry({ app, worker, economy: await addGrownEconomy(), batches: BATCHES })
    return [block, await carry({ app, worker, economy: small, batches: 1, from: block })]
  })
  const before = await rowsRead()

  const reversal = await withConnections((_, worker) =>
    createSettlementStore(worker, ids).reverse(CHAIN_ID, orphaned, kept),
  )

  expect(reversal).toMatchObject({ blocks: 1, movements: BATCH })
  const reads = ((await rowsRead()).get('entry') ?? 0) - (before.get('entry') ?? 0)
  expect(reads).toBeGreaterThanOrEqual(2 * BATCH)
  expect(reads).toBeLessThanOrEqual(READS_MAX * BATCH)
})

async function addGrownEconomy(): Promise<LedgerEconomy> {
  const economy = await fixtures.addEconomy({ chainId: CHAIN_ID, users: USERS })
  await fixtures.all('UPDATE account SET settled = 1000000 WHERE economy_id = $1', [economy.economyId])
  return economy
}

/** Connections that have gone when it ends: what they read is counted then. */
async function withConnections<Result>(
  work: (app: Database, worker: Database) => Promise<Result>,
): Promise<Result> {
  const connect = (url: string) => new Database({ url, poolSize: 1, applicationName: 'plans' })
  const [app, worker] = [connect(urls.appUrl), connect(urls.workerUrl)]
  try {
    return await work(app, worker)
  } finally {
    await Promise.all([app.close(), worker.close()])
  }
}

interface Carry {
  app: Database
  worker: Database
  economy: LedgerEconomy
  batches: number
  size?: number
  /** The block before; absent: the chain begins here. */
  from?: BlockHeader
}

/** Accepts, signs, settles and confirms; returns the block it did so with. */
async function carry({ app, worker, economy, batches, size = BATCH, from }: Carry): Promise<BlockHeader> {
  await acceptAll(app, economy, batches, size)
  const settlements = createSettlementStore(worker, ids)
  const txHashes = await signAll(worker, economy, batches * size)
  const parent = from ?? (await beginChain())
  const known = await settlements.submissionsOf(txHashes)
  const block = aBlock(parent, txHashes)
  await settlements.settle(CHAIN_ID, parent, aSettlement([block], partsOf(economy, known)), block.number)
  await settlements.confirm(CHAIN_ID, TRANSFERS)
  return block
}

async function beginChain(): Promise<BlockHeader> {
  const genesis = aBlock(null)
  await fixtures.all(
    'INSERT INTO chain_cursor (chain_id, block_number, block_hash, final_number, head_number) VALUES ($1, 0, $2, 0, 0)',
    [CHAIN_ID, genesis.hash],
  )
  return genesis
}

async function confirmedIn({ economyId }: LedgerEconomy): Promise<number> {
  const { ended } = await fixtures.one(
    `SELECT count(*)::int AS ended FROM transaction_state WHERE economy_id = $1 AND status = 'confirmed'`,
    [economyId],
  )
  return Number(ended)
}

function expectFewReads(before: Map<string, number>, after: Map<string, number>): void {
  const perTransfer = TABLES.map((table) => ({
    table,
    reads: ((after.get(table) ?? 0) - (before.get(table) ?? 0)) / TRANSFERS,
  }))
  expect(perTransfer.filter(({ reads }) => reads > READS_MAX)).toEqual([])
  expect(perTransfer.find(({ table }) => table === 'account')?.reads).toBeGreaterThan(1)
}

async function acceptAll(
  app: Database,
  { economyId, tenantId, users }: LedgerEconomy,
  batches: number,
  size: number,
): Promise<void> {
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
  const idOf = (index: number) => users[1 + (index % (users.length - 1))]?.id ?? ''
  for (let batch = 0; batch < batches; batch++) {
    const requests = Array.from({ length: size }, (_, index) => ({
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

async function signAll(worker: Database, economy: LedgerEconomy, transfers: number): Promise<string[]> {
  const { economyId, tenantId, laneId, tokenRules: tokenRulesAddress } = economy
  const txHashes: string[] = []
  for (let nonce = 0; nonce * 100 < transfers; nonce++) {
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
