import type pg from 'pg'
import type {
  LedgerSnapshot,
  Reconciliation,
  ReconciliationStore,
  SnapshotAccount,
} from '#core/ledger/reconciliation-store.ts'
import type { Ids } from '#core/shared/clock.ts'
import { carriedBy, NOT_FINAL } from './carried-transactions.ts'
import type { Database } from './database.ts'

/** Accounts per statement: keeps each below the statement timeout, however large the economy. */
const ACCOUNTS_PER_PAGE = 2_000
/** Transactions in the wrong place among the open ones that are listed. */
const STRAYS_MAX = 100
const FIRST_ID = '00000000-0000-0000-0000-000000000000'

/** Reads ledgers as a whole, with the worker's role. */
export function createReconciliationStore(database: Database, ids: Ids): ReconciliationStore {
  return {
    snapshot: (economyId) => atOneMoment(database, (client) => snapshot(client, economyId)),
    record: (reconciliation) => record(database, ids, reconciliation),
  }
}

/** All reads see the database as it was at the first, without holding anybody up. */
async function atOneMoment<Result>(
  database: Database,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await database.pool.connect()
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    const result = await work(client)
    await client.query('COMMIT')
    client.release()
    return result
  } catch (error) {
    // The connection may be in the middle of the transaction: it is cheaper to open another than to find out.
    client.release(true)
    throw error
  }
}

async function snapshot(client: pg.PoolClient, economyId: string): Promise<LedgerSnapshot | null> {
  const { rows } = await client.query<{
    tenant_id: string
    chain_id: string
    token_address: string
    block_number: string
    block_hash: string
  }>(
    `SELECT economy.tenant_id, economy.chain_id, economy.token_address, cursor.block_number, cursor.block_hash
     FROM economy JOIN chain_cursor cursor ON cursor.chain_id = economy.chain_id
     WHERE economy.id = $1 AND economy.token_address IS NOT NULL`,
    [economyId],
  )
  const [row] = rows
  if (!row) return null
  const holds = await sumsByAccount(client, economyId, PENDING_HOLDS)
  const incoming = await sumsByAccount(client, economyId, OPEN_INCOMING)
  return {
    economyId,
    tenantId: row.tenant_id,
    chainId: Number(row.chain_id),
    token: row.token_address.toLowerCase(),
    block: { number: Number(row.block_number), hash: row.block_hash },
    accounts: await readAccounts(client, economyId, holds, incoming),
    strayHolds: await readIds(client, economyId, STRAY_HOLDS),
    unheldTransactions: await readIds(client, economyId, UNHELD_TRANSACTIONS),
  }
}

/**
 * Where live transactions are found: the queue, and what submissions carry that are not final. All there ever were would have to be
 * read otherwise. Of what has a submission in a block only the failures are live.
 */
const LIVE = `(
  SELECT economy_id, transaction_id, NULL::uuid AS submission_id FROM queued_transaction WHERE economy_id = $1
  UNION ALL
  SELECT s.economy_id, carried.id, s.id FROM ${carriedBy(NOT_FINAL)} WHERE s.economy_id = $1
) AS o JOIN transaction_state t ON t.economy_id = o.economy_id AND t.id = o.transaction_id`
const IS_LIVE = `t.status IN ('queued', 'submitted')`

const PENDING_HOLDS = `
SELECT t.from_user_id AS account_id, sum(t.amount + t.commission) AS amount FROM ${LIVE} WHERE ${IS_LIVE} GROUP BY t.from_user_id`

const OPEN_INCOMING = `
SELECT transfer.to_account_id AS account_id, sum(transfer.amount) AS amount
FROM ${LIVE} JOIN transfer ON transfer.economy_id = t.economy_id AND transfer.transaction_id = t.id
WHERE ${IS_LIVE} GROUP BY transfer.to_account_id`

const STRAY_HOLDS = `
SELECT t.id FROM ${LIVE}
WHERE t.status IN ('confirmed', 'failed') OR (t.status = 'mined' AND o.submission_id IS NULL) ORDER BY t.id LIMIT ${STRAYS_MAX}`

const UNHELD_TRANSACTIONS = `
SELECT t.id FROM ${LIVE} WHERE ${IS_LIVE} AND o.submission_id IS DISTINCT FROM t.submission_id ORDER BY t.id LIMIT ${STRAYS_MAX}`

async function sumsByAccount(
  client: pg.PoolClient,
  economyId: string,
  text: string,
): Promise<Map<string, bigint>> {
  const { rows } = await client.query<{ account_id: string; amount: string }>(text, [economyId])
  return new Map(rows.map((row) => [row.account_id, BigInt(row.amount)]))
}

async function readIds(client: pg.PoolClient, economyId: string, text: string): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(text, [economyId])
  return rows.map((row) => row.id)
}

async function readAccounts(
  client: pg.PoolClient,
  economyId: string,
  holds: ReadonlyMap<string, bigint>,
  incoming: ReadonlyMap<string, bigint>,
): Promise<SnapshotAccount[]> {
  const accounts: SnapshotAccount[] = []
  let after = FIRST_ID
  for (;;) {
    const { rows } = await client.query<{
      id: string
      kind: SnapshotAccount['kind']
      address: string
      settled: string
      held: string
      pending_in: string
      entries: string
    }>({
      name: 'reconcile_accounts',
      text: `SELECT page.id, page.kind, page.address, page.settled, page.held, page.pending_in, sums.entries
             FROM (SELECT * FROM account_balance WHERE economy_id = $1 AND id > $2 ORDER BY id LIMIT ${ACCOUNTS_PER_PAGE}) page
             CROSS JOIN LATERAL (SELECT coalesce(sum(entry.amount), 0) AS entries FROM entry
                                 WHERE entry.economy_id = $1 AND entry.account_id = page.id) sums
             ORDER BY page.id`,
      values: [economyId, after],
    })
    for (const row of rows) {
      accounts.push({
        id: row.id,
        kind: row.kind,
        address: row.address,
        settled: BigInt(row.settled),
        held: BigInt(row.held),
        pendingIn: BigInt(row.pending_in),
        entries: BigInt(row.entries),
        pendingHolds: holds.get(row.id) ?? 0n,
        openIncoming: incoming.get(row.id) ?? 0n,
      })
    }
    const last = rows.at(-1)
    if (!last || rows.length < ACCOUNTS_PER_PAGE) return accounts
    after = last.id
  }
}

async function record(database: Database, ids: Ids, reconciliation: Reconciliation): Promise<void> {
  const { id, economyId, tenantId, block, accounts, status, differences } = reconciliation
  await database.raw([], async (client) => {
    await client.query(
      `INSERT INTO reconciliation (economy_id, id, tenant_id, block_number, block_hash, accounts, status, differences)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [
        economyId,
        id,
        tenantId,
        block.number,
        block.hash,
        accounts,
        status,
        JSON.stringify(differences.map(toJson)),
      ],
    )
    if (status === 'equal') return
    await client.query(
      `INSERT INTO outbox_event (id, tenant_id, economy_id, topic, subject_id, payload)
       VALUES ($1, $2, $3, 'ledger.drift', $4, $5)`,
      [ids.next(), tenantId, economyId, id, { block_number: block.number, differences: differences.length }],
    )
  })
}

function toJson({ kind, subjectId, address, expected, found }: Reconciliation['differences'][number]) {
  return { kind, subject_id: subjectId, address, expected, found }
}
