import { createRuleCompiler } from '#adapters/cel/rule-compiler.ts'
import { createAcceptanceStore } from '#adapters/postgres/acceptance-store.ts'
import { createChainStore } from '#adapters/postgres/chain-store.ts'
import { Database } from '#adapters/postgres/database.ts'
import { createLaneStore } from '#adapters/postgres/lane-store.ts'
import { createSettlementStore } from '#adapters/postgres/settlement-store.ts'
import { createSubmissionStore } from '#adapters/postgres/submission-store.ts'
import { createWorkFinder } from '#adapters/postgres/work-finder.ts'
import { uuidv7 } from 'uuidv7'
import { refKey } from '#core/transaction/acceptance-store.ts'
import { addEconomy } from '#test/simulator/economy.ts'
import { fakeChain } from '#test/support/fake-chain.ts'
import { LedgerFixtures } from '#test/support/ledger-fixtures.ts'
import { openGate } from '#test/support/memory/memory-database.ts'
import { createMemoryStores, type MemoryStores } from '#test/support/memory/money-stores.ts'
import { MemoryTables } from '#test/support/memory/rows.ts'
import { createTestDatabase } from '#test/support/stack.ts'

/** An economy with empty accounts on a chain and a lane of its own; the company is the first user. */
export interface MoneyEconomy {
  economyId: string
  tenantId: string
  chainId: number
  laneId: string
  token: string
  tokenRules: string
  users: readonly { id: string; address: string }[]
  typeId: string
}

/** Rows as every implementation has to leave them. */
export interface MoneyRows {
  accounts: { id: string; kind: string; settled: bigint; held: bigint; pendingIn: bigint }[]
  transactions: { id: string; status: string; submissionId: string | null; failureCode: string | null }[]
  holds: { transactionId: string; amount: bigint; status: string }[]
  /** In the order of the log. */
  events: { topic: string; subjectId: string }[]
  /** In the order of block, log, generation, reversal and account. */
  entries: {
    accountId: string
    blockNumber: number
    amount: bigint
    generation: number
    isReversal: boolean
    transactionId: string | null
  }[]
  submissions: { id: string; kind: string; nonce: number | null; status: string }[]
}

/** The money path's ports over one set of tables, and a way to see and to prepare what is in them. */
export interface MoneyBackend {
  stores: Pick<MemoryStores, 'acceptance' | 'submissions' | 'lanes' | 'chains' | 'settlements' | 'finder'>
  addEconomy(options: { users: number; finalityDepth: number }): Promise<MoneyEconomy>
  /** As if the chain had said so. */
  setSettled(economy: MoneyEconomy, userId: string, amount: bigint): Promise<void>
  queueGrant(economy: MoneyEconomy): Promise<string>
  rows(economy: MoneyEconomy): Promise<MoneyRows>
  close(): Promise<void>
}

const TYPE_NAME = 'tip'

export async function postgresMoney(): Promise<MoneyBackend> {
  const urls = await createTestDatabase()
  const connect = (url: string) => new Database({ url, poolSize: 4, applicationName: 'contract' })
  const [app, worker] = [connect(urls.appUrl), connect(urls.workerUrl)]
  const fixtures = new LedgerFixtures(urls.ownerUrl)
  const ids = { next: uuidv7 }
  let chainId = 60_000
  return {
    stores: {
      acceptance: createAcceptanceStore(app, createRuleCompiler()),
      submissions: createSubmissionStore(worker, ids),
      lanes: createLaneStore(worker),
      chains: createChainStore(worker),
      settlements: createSettlementStore(worker, ids),
      finder: createWorkFinder(worker),
    },
    async addEconomy({ users, finalityDepth }) {
      chainId += 1
      await fixtures.addChain({ chainId, finalityDepth })
      const economy = await fixtures.addEconomy({ chainId, users: users + 1 })
      const typeId = uuidv7()
      await fixtures.all(
        `INSERT INTO transaction_type (economy_id, id, tenant_id, name, kind, allows_arbitrary_amount)
         VALUES ($1, $2, $3, $4, 'user_to_user', true)`,
        [economy.economyId, typeId, economy.tenantId, TYPE_NAME],
      )
      return { ...economy, typeId }
    },
    async setSettled({ economyId }, userId, amount) {
      await fixtures.all('UPDATE account SET settled = $3 WHERE economy_id = $1 AND id = $2', [
        economyId,
        userId,
        amount.toString(),
      ])
    },
    async queueGrant(economy) {
      const id = uuidv7()
      await fixtures.all(
        `INSERT INTO chain_submission (id, chain_id, lane_id, economy_id, tenant_id, kind, to_address, calldata, gas_limit)
         VALUES ($1, $2, $3, $4, $5, 'faucet_grant', $6, '\\x01', 300000)`,
        [id, economy.chainId, economy.laneId, economy.economyId, economy.tenantId, `0x${'33'.repeat(20)}`],
      )
      return id
    },
    rows: (economy) => postgresRows(fixtures, economy),
    async close() {
      await Promise.all([app.close(), worker.close(), fixtures.close()])
      await urls.drop()
    },
  }
}

async function postgresRows(
  fixtures: LedgerFixtures,
  { economyId, laneId }: MoneyEconomy,
): Promise<MoneyRows> {
  const { pool } = fixtures
  const query = async <Row>(text: string, id = economyId) =>
    // Each statement below selects exactly the columns of its row type.
    (await pool.query(text, [id])).rows as Row[]
  const [accounts, transactions, holds, events, entries, submissions] = await Promise.all([
    query<{ id: string; kind: string; settled: string; held: string; pending: string }>(
      'SELECT id, kind, settled, held, pending_in AS pending FROM account_balance WHERE economy_id = $1 ORDER BY id',
    ),
    query<MoneyRows['transactions'][number]>(
      `SELECT id, status, submission_id AS "submissionId", failure_code AS "failureCode"
       FROM transaction_state WHERE economy_id = $1 ORDER BY id`,
    ),
    query<{ id: string; amount: string; status: string }>(
      'SELECT transaction_id AS id, amount, status FROM hold WHERE economy_id = $1 ORDER BY transaction_id',
    ),
    query<MoneyRows['events'][number]>(
      `SELECT topic, subject_id AS "subjectId" FROM outbox_event WHERE economy_id = $1 ORDER BY xid, id`,
    ),
    query<{
      account: string
      block: string
      amount: string
      generation: number
      reversal: boolean
      tx: string | null
    }>(
      `SELECT account_id AS account, block_number AS block, amount, generation, is_reversal AS reversal, transaction_id AS tx
       FROM entry WHERE economy_id = $1 ORDER BY block_number, log_index, generation, is_reversal, account_id`,
    ),
    query<{ id: string; kind: string; nonce: string | null; status: string }>(
      'SELECT id, kind, nonce, status FROM chain_submission WHERE lane_id = $1 ORDER BY nonce NULLS LAST, id',
      laneId,
    ),
  ])
  return {
    accounts: accounts.map(({ id, kind, settled, held, pending }) => ({
      id,
      kind,
      settled: BigInt(settled),
      held: BigInt(held),
      pendingIn: BigInt(pending),
    })),
    transactions,
    holds: holds.map(({ id, amount, status }) => ({ transactionId: id, amount: BigInt(amount), status })),
    events,
    entries: entries.map(({ account, block, amount, generation, reversal, tx }) => ({
      accountId: account,
      blockNumber: Number(block),
      amount: BigInt(amount),
      generation,
      isReversal: reversal,
      transactionId: tx,
    })),
    submissions: submissions.map(({ nonce, ...row }) => ({
      ...row,
      nonce: nonce === null ? null : Number(nonce),
    })),
  }
}

export async function memoryMoney(): Promise<MoneyBackend> {
  const tables = new MemoryTables()
  const ids = { next: uuidv7 }
  const { addressBook: book } = fakeChain()
  let chainId = 60_000
  return {
    stores: createMemoryStores({ tables, ids, clock: { now: () => new Date() }, gate: openGate }),
    async addEconomy({ users, finalityDepth }) {
      chainId += 1
      const laneId = uuidv7()
      const tx = tables.database.begin()
      const state = { status: 'active', haltReason: null } as const
      tx.put(tables.chains, String(chainId), { id: chainId, finalityDepth, ...state })
      const address = `0x${laneId.replaceAll('-', '').padStart(40, '0')}`
      const lane = { id: laneId, chainId, address, keyJwe: 'x', pauseReason: null, balanceWei: null }
      tx.put(tables.lanes, laneId, { ...lane, status: 'active' })
      tx.commit()
      const economy = addEconomy(tables, { ids, book }, { chainId, laneId, users })
      const typeId = tables.economies.committed.get(economy.id)?.config.typesByName.get(TYPE_NAME)?.id ?? ''
      const { id: economyId, tenantId, token, tokenRules, company } = economy
      return {
        economyId,
        tenantId,
        chainId,
        laneId,
        token,
        tokenRules,
        users: [company, ...economy.users],
        typeId,
      }
    },
    async setSettled({ economyId }, userId, settled) {
      const tx = tables.database.begin()
      tx.change(tables.accounts, refKey(economyId, userId), { settled })
      tx.commit()
    },
    async queueGrant({ economyId, tenantId, chainId: ofChain, laneId }) {
      const id = uuidv7()
      const tx = tables.database.begin()
      tx.put(tables.submissions, id, {
        id,
        chainId: ofChain,
        laneId,
        economyId,
        tenantId,
        kind: 'faucet_grant',
        call: { to: `0x${'33'.repeat(20)}`, data: new Uint8Array([1]), gasLimit: 300_000n },
        nonce: null,
        status: 'queued',
        transactionIds: [],
        blockNumber: null,
        blockHash: null,
        txHash: null,
        gasUsed: null,
        effectiveGasPrice: null,
        revertReason: null,
        signedAt: null,
      })
      tx.commit()
      return id
    },
    rows: async (economy) => memoryRows(tables, economy),
    async close() {},
  }
}

function memoryRows(tables: MemoryTables, { economyId, laneId }: MoneyEconomy): MoneyRows {
  const inEconomy = <Row extends { economyId: string | null }>(rows: Iterable<Row>) =>
    [...rows].filter((row) => row.economyId === economyId)
  const inOrder = <Row>(rows: Row[], ...keys: ((row: Row) => number | string | bigint)[]) =>
    rows.toSorted((a, b) => {
      for (const key of keys) {
        if (key(a) !== key(b)) return key(a) < key(b) ? -1 : 1
      }
      return 0
    })
  return {
    accounts: inOrder(inEconomy(tables.accounts.committed.values()), ({ id }) => id).map(
      ({ id, kind, settled, held, pendingIn }) => ({ id, kind, settled, held, pendingIn }),
    ),
    transactions: inOrder(inEconomy(tables.transactions.committed.values()), ({ id }) => id).map(
      ({ id, status, submissionId, failureCode }) => ({ id, status, submissionId, failureCode }),
    ),
    holds: inOrder(inEconomy(tables.holds.committed.values()), ({ transactionId }) => transactionId).map(
      ({ transactionId, amount, status }) => ({ transactionId, amount, status }),
    ),
    events: inOrder(
      inEconomy(tables.events.committed.values()),
      ({ xid }) => xid,
      ({ id }) => id,
    ).map(({ topic, subjectId }) => ({ topic, subjectId })),
    entries: inOrder(
      inEconomy(tables.entries.committed.values()),
      ({ blockNumber }) => blockNumber,
      ({ logIndex }) => logIndex,
      ({ generation }) => generation,
      ({ isReversal }) => Number(isReversal),
      ({ accountId }) => accountId,
    ).map(({ accountId, blockNumber, amount, generation, isReversal, transactionId }) => ({
      accountId,
      blockNumber,
      amount,
      generation,
      isReversal,
      transactionId,
    })),
    submissions: inOrder(
      [...tables.submissions.committed.values()].filter((row) => row.laneId === laneId),
      ({ nonce }) => nonce ?? Number.POSITIVE_INFINITY,
      ({ id }) => id,
    ).map(({ id, kind, nonce, status }) => ({ id, kind, nonce, status })),
  }
}
