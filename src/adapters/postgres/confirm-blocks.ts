import type pg from 'pg'
import { CALL_STATUS_OF } from '#core/chain/economy-call.ts'
import { LedgerInconsistency } from '#core/ledger/errors.ts'
import type { Confirmation } from '#core/ledger/settlement-store.ts'
import type { Ids } from '#core/shared/clock.ts'
import { foundByKey, unestimated } from './columns.ts'
import { appendCallEvents, CHANGED_CALL, type ChangedCallRow } from './economy-call-events.ts'
import {
  AccountChanges,
  appendTransactionEvents,
  changeAccounts,
  expectRows,
  lockCursor,
  type TransactionEvent,
} from './ledger-rows.ts'

interface ConfirmBlocks {
  chainId: number
  transactionsMax: number
}

/** Blocks (`after`, `upTo`] of a chain. */
interface BlockRange {
  chainId: number
  after: number
  upTo: number
}

/** The transactions of the submissions in a range of blocks; $1 chain, $2 after, $3 up to. */
const ENDING = `(SELECT s.economy_id, s.id AS submission_id, payment.id
                 FROM chain_submission s CROSS JOIN LATERAL unnest(s.transaction_ids) AS payment(id)
                 WHERE s.chain_id = $1 AND s.block_number > $2 AND s.block_number <= $3 AND s.status = 'mined') AS ending`

/** Ends what is final by depth, inside the caller's database transaction. */
export async function confirmBlocks(
  client: pg.PoolClient,
  ids: Ids,
  { chainId, transactionsMax }: ConfirmBlocks,
): Promise<Confirmation | null> {
  const cursor = await lockCursor(client, chainId)
  if (!cursor || cursor.isHalted) return null
  const target = cursor.number - cursor.finalityDepth
  if (target <= cursor.finalNumber) return null
  const { upTo, transactions } = await boundedRange(
    client,
    { chainId, after: cursor.finalNumber, upTo: target },
    transactionsMax,
  )
  const range = { chainId, after: cursor.finalNumber, upTo }
  const confirmed = transactions === 0 ? [] : await confirmTransactions(client, range)
  const failed = transactions === confirmed.length ? [] : await failTransactions(client, range)
  if (confirmed.length + failed.length !== transactions) {
    throw new LedgerInconsistency(
      `blocks ${range.after + 1} to ${upTo} carry ${transactions} transactions, ${confirmed.length} are mined and ${failed.length} have failed`,
    )
  }
  await endSubmissions(client, ids, range)
  await appendTransactionEvents(client, ids, [...confirmed, ...failed])
  await client.query({
    name: 'confirm_move_final',
    text: 'UPDATE chain_cursor SET final_number = $2, updated_at = now() WHERE chain_id = $1',
    values: [chainId, upTo],
  })
  return {
    finalNumber: upTo,
    confirmed: confirmed.length,
    failed: failed.length,
    isComplete: upTo === target,
  }
}

/** As many blocks as the bound on transactions allows, but at least the first that has any. */
async function boundedRange(
  client: pg.PoolClient,
  range: BlockRange,
  transactionsMax: number,
): Promise<{ upTo: number; transactions: number }> {
  const { rows } = await client.query<{ number: string; transactions: string }>({
    name: 'confirm_count',
    text: `SELECT block_number AS number, sum(payments) AS transactions FROM chain_submission
           WHERE chain_id = $1 AND block_number > $2 AND block_number <= $3 AND status = 'mined'
           GROUP BY block_number ORDER BY block_number`,
    values: valuesOf(range),
  })
  let transactions = 0
  for (const [index, row] of rows.entries()) {
    const next = transactions + Number(row.transactions)
    if (index > 0 && next > transactionsMax) return { upTo: Number(row.number) - 1, transactions }
    transactions = next
  }
  return { upTo: range.upTo, transactions }
}

interface ConfirmedRow {
  tenant_id: string
  economy_id: string
  block_number: string
  tx_hash: string
  ids: string[]
}

/**
 * The transactions of these submissions that wait for nothing else, in the order of their batch. Nothing is written to them: they are
 * confirmed when their submission is.
 */
async function confirmTransactions(client: pg.PoolClient, range: BlockRange): Promise<TransactionEvent[]> {
  const { rows } = await client.query<ConfirmedRow>({
    name: 'confirm_transactions',
    text: `SELECT s.tenant_id, s.economy_id, s.block_number, s.tx_hash, carried.ids
           FROM chain_submission s
           CROSS JOIN LATERAL (
             SELECT array_agg(payment.id ORDER BY payment.index) AS ids
             FROM unnest(s.transaction_ids) WITH ORDINALITY AS payment(id, index)
             CROSS JOIN LATERAL (SELECT * FROM transaction WHERE economy_id = s.economy_id AND id = payment.id OFFSET 0) AS t
             WHERE t.submission_id = s.id AND t.status = 'submitted' AND t.failure_code IS NULL) AS carried
           WHERE s.chain_id = $1 AND s.block_number > $2 AND s.block_number <= $3 AND s.status = 'mined' AND carried.ids IS NOT NULL
           ORDER BY s.block_number, s.id`,
    values: valuesOf(range),
  })
  return rows.flatMap((row) => {
    const payload = { block_number: Number(row.block_number), tx_hash: row.tx_hash }
    return row.ids.map((transactionId) => ({
      tenantId: row.tenant_id,
      economyId: row.economy_id,
      transactionId,
      topic: 'transaction.confirmed' as const,
      payload,
    }))
  })
}

interface FailedRow {
  tenant_id: string
  economy_id: string
  id: string
  block_number: string
  tx_hash: string
  failure_code: string
  failure_reason: string
  account_id: string
  amount: string
}

/** The recorded failures become final: their holds are voided, and what was on the way will not come. */
async function failTransactions(client: pg.PoolClient, range: BlockRange): Promise<TransactionEvent[]> {
  const { rows } = await client.query<FailedRow>({
    name: 'confirm_failed',
    text: `SELECT transaction.tenant_id, transaction.economy_id, transaction.id, transaction.block_number, transaction.tx_hash,
                  transaction.failure_code, transaction.failure_reason, transaction.from_user_id AS account_id,
                  transaction.amount + transaction.commission AS amount
           FROM ${ENDING}
           CROSS JOIN LATERAL (SELECT * FROM transaction WHERE economy_id = ending.economy_id AND id = ending.id OFFSET 0) AS transaction
           WHERE transaction.submission_id = ending.submission_id AND transaction.status = 'submitted' AND transaction.failure_code IS NOT NULL`,
    values: valuesOf(range),
  })
  if (rows.length === 0) return []
  const keys = [rows.map((row) => row.economy_id), rows.map((row) => row.id)]
  const changes = new AccountChanges()
  for (const row of rows) changes.of(row.economy_id, row.account_id).held -= BigInt(row.amount)
  for (const leg of await incomingOf(client, keys)) {
    changes.of(leg.economyId, leg.accountId).pendingIn -= leg.amount
  }
  await changeAccounts(client, changes.all())
  const ended = await client.query({
    name: 'confirm_fail_transactions',
    text: `UPDATE transaction SET status = 'failed', ended_at = now() FROM unnest($1::uuid[], $2::uuid[]) AS failed(economy_id, id)
           ${foundByKey('transaction', { economy_id: 'failed.economy_id', id: 'failed.id' })}
           WHERE transaction.ctid = found.place AND ${unestimated(`transaction.status = 'submitted'`)}`,
    values: keys,
  })
  expectRows('submitted transactions', ended.rowCount, rows.length)
  return rows.map((row) => ({
    tenantId: row.tenant_id,
    economyId: row.economy_id,
    transactionId: row.id,
    topic: 'transaction.failed',
    payload: {
      block_number: Number(row.block_number),
      tx_hash: row.tx_hash,
      failure_code: row.failure_code,
      failure_reason: row.failure_reason,
    },
  }))
}

/** What these transactions were to bring to each account, in base units. */
export async function incomingOf(
  client: pg.PoolClient,
  keys: readonly (readonly string[])[],
): Promise<{ economyId: string; accountId: string; amount: bigint }[]> {
  const { rows } = await client.query<{ economy_id: string; to_account_id: string; amount: string }>({
    name: 'ledger_incoming',
    text: `SELECT transfer.economy_id, transfer.to_account_id, sum(transfer.amount) AS amount
           FROM unnest($1::uuid[], $2::uuid[]) AS payment(economy_id, id)
           CROSS JOIN LATERAL (SELECT * FROM transfer WHERE economy_id = payment.economy_id AND transaction_id = payment.id OFFSET 0) AS transfer
           GROUP BY transfer.economy_id, transfer.to_account_id`,
    values: [...keys],
  })
  return rows.map((row) => ({
    economyId: row.economy_id,
    accountId: row.to_account_id,
    amount: BigInt(row.amount),
  }))
}

async function endSubmissions(client: pg.PoolClient, ids: Ids, range: BlockRange): Promise<void> {
  const { rows } = await client.query<ChangedCallRow & { status: 'confirmed' | 'reverted' }>({
    name: 'confirm_end_submissions',
    text: `UPDATE chain_submission s
           SET status = CASE WHEN s.revert_reason IS NULL THEN 'confirmed' ELSE 'reverted' END, ended_at = now()
           WHERE s.chain_id = $1 AND s.block_number > $2 AND s.block_number <= $3 AND s.status = 'mined'
           RETURNING ${CHANGED_CALL}, s.status`,
    values: valuesOf(range),
  })
  await appendCallEvents(client, ids, rows, ({ status }) => CALL_STATUS_OF[status])
}

function valuesOf({ chainId, after, upTo }: BlockRange): number[] {
  return [chainId, after, upTo]
}
