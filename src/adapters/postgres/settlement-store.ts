import type { BatchedPayment, KnownSubmission, TokenContracts } from '#core/ledger/settlement.ts'
import { addressKey } from '#core/ledger/settlement.ts'
import type { SettlementStore } from '#core/ledger/settlement-store.ts'
import type { Ids } from '#core/shared/clock.ts'
import { legsOf, type MovingRow } from './accepted-row.ts'
import { columnOf, kindsOf } from './columns.ts'
import { confirmBlocks } from './confirm-blocks.ts'
import type { Database } from './database.ts'
import { asInconsistency } from './ledger-rows.ts'
import { reverseBlocks } from './reverse-blocks.ts'
import { settleBlocks } from './settle-blocks.ts'

/** About 250 bytes each. */
const ACCOUNTS_REMEMBERED_MAX = 50_000

/** The indexer's side of Postgres, with the worker's role: a handful of set-based statements per range of blocks. */
export function createSettlementStore(database: Database, ids: Ids): SettlementStore {
  return {
    tokens: (chainId) => tokens(database, chainId),
    submissionsOf: (txHashes) => submissionsOf(database, txHashes),
    accountIds: rememberingAccountIds(database),
    callOf: (submissionId, blockNumber) => callOf(database, submissionId, blockNumber),
    settle: (chainId, from, settlement, headNumber) =>
      asInconsistency(
        database.rawByKeys([], (client) =>
          settleBlocks(client, ids, { chainId, from, settlement, headNumber }),
        ),
      ),
    reverse: (chainId, from, ancestor) =>
      asInconsistency(
        database.rawByKeys([], (client) => reverseBlocks(client, ids, { chainId, from, ancestor })),
      ),
    confirm: (chainId, transactionsMax) =>
      asInconsistency(
        database.rawByKeys([], (client) => confirmBlocks(client, ids, { chainId, transactionsMax })),
      ),
  }
}

async function tokens(database: Database, chainId: number): Promise<TokenContracts[]> {
  const { rows } = await database.pool.query<{
    id: string
    tenant_id: string
    token_address: string
    token_rules_address: string
  }>({
    name: 'settlement_tokens',
    text: `SELECT id, tenant_id, token_address, token_rules_address FROM economy
           WHERE chain_id = $1 AND token_address IS NOT NULL AND token_rules_address IS NOT NULL`,
    values: [chainId],
  })
  return rows.map((row) => ({
    economyId: row.id,
    tenantId: row.tenant_id,
    token: row.token_address.toLowerCase(),
    tokenRules: row.token_rules_address.toLowerCase(),
  }))
}

interface AccountPlace {
  economyId: string
  address: string
}

interface PaymentRow extends MovingRow {
  submission_id: string
  id: string
}

async function submissionsOf(database: Database, txHashes: readonly string[]): Promise<KnownSubmission[]> {
  const { rows } = await database.pool.query<{
    id: string
    kind: string
    economy_id: string | null
    tx_hash: string
  }>({
    name: 'settlement_submissions',
    text: `SELECT s.id, s.kind, s.economy_id, attempt.tx_hash
           FROM submission_attempt attempt JOIN chain_submission s ON s.id = attempt.submission_id
           WHERE attempt.tx_hash = ANY ($1::text[])`,
    values: [txHashes],
  })
  if (rows.length === 0) return []
  const payments = await paymentsOf(
    database,
    rows.map((row) => row.id),
  )
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    economyId: row.economy_id,
    txHash: row.tx_hash,
    payments: payments.get(row.id) ?? [],
  }))
}

/**
 * The payments of each submission with their legs, both in the order of the calldata. OFFSET 0: each row by its key; the planner
 * would rather read all of them in parallel.
 */
async function paymentsOf(
  database: Database,
  submissionIds: readonly string[],
): Promise<Map<string, BatchedPayment[]>> {
  const { rows } = await database.pool.query<PaymentRow>({
    name: 'settlement_payments',
    text: `SELECT s.id AS submission_id, t.id, t.from_user_id, t.to_user_id, t.amount, t.commission_to_id, t.commission
           FROM unnest($1::uuid[]) AS wanted(id)
           CROSS JOIN LATERAL (SELECT * FROM chain_submission WHERE id = wanted.id OFFSET 0) AS s
           CROSS JOIN LATERAL unnest(s.transaction_ids) WITH ORDINALITY AS payment(id, index)
           CROSS JOIN LATERAL (SELECT * FROM transaction WHERE economy_id = s.economy_id AND id = payment.id OFFSET 0) AS t
           ORDER BY s.id, payment.index`,
    values: [submissionIds],
  })
  const payments = new Map<string, BatchedPayment[]>()
  for (const row of rows) {
    const payment = { transactionId: row.id, legs: legsOf(row) }
    const known = payments.get(row.submission_id)
    if (known) known.push(payment)
    else payments.set(row.submission_id, [payment])
  }
  return payments
}

/**
 * Reads only what it has not read before: an account that is there keeps its id and its address for ever. A database that went back to
 * an earlier state may lack it; workers are started anew then (docs/runbook.md, "Restoring a backup").
 */
function rememberingAccountIds(database: Database): SettlementStore['accountIds'] {
  const remembered = new Map<string, string>()
  return async (places) => {
    const keys = places.map((place) => addressKey(place.economyId, place.address))
    const read = await readAccountIds(
      database,
      places.filter((_, index) => !remembered.has(keys[index] ?? '')),
    )
    const found = new Map<string, string>()
    for (const key of keys) {
      const id = read.get(key) ?? remembered.get(key)
      if (id !== undefined) found.set(key, id)
    }
    if (remembered.size + read.size > ACCOUNTS_REMEMBERED_MAX) remembered.clear()
    for (const [key, id] of read) remembered.set(key, id)
    return found
  }
}

async function readAccountIds(
  database: Database,
  places: readonly AccountPlace[],
): Promise<Map<string, string>> {
  if (places.length === 0) return new Map()
  const economies = kindsOf(places, (place) => place.economyId)
  const { rows } = await database.pool.query<{ economy_id: string; id: string; address: string }>({
    name: 'settlement_account_ids',
    text: `SELECT account.economy_id, account.id, account.address
           FROM unnest($2::int[], $3::text[]) AS place(kind, address)
           CROSS JOIN LATERAL (SELECT * FROM account WHERE economy_id = ($1::uuid[])[place.kind] AND address = place.address OFFSET 0) AS account`,
    values: [
      columnOf(economies.kinds.map((place) => place.economyId)),
      economies.places,
      columnOf(places.map((place) => place.address)),
    ],
  })
  return new Map(rows.map((row) => [addressKey(row.economy_id, row.address), row.id]))
}

async function callOf(database: Database, submissionId: string, blockNumber: number) {
  const { rows } = await database.pool.query<{
    address: string
    to_address: string
    calldata: Buffer
    gas_limit: string
  }>(
    `SELECT lane.address, s.to_address, s.calldata, s.gas_limit
     FROM chain_submission s JOIN lane ON lane.id = s.lane_id WHERE s.id = $1`,
    [submissionId],
  )
  const [row] = rows
  if (!row) throw new RangeError(`submission ${submissionId} is unknown`)
  return {
    from: row.address,
    to: row.to_address,
    data: row.calldata,
    gasLimit: BigInt(row.gas_limit),
    blockNumber,
  }
}
