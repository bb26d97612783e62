import type pg from 'pg'
import type { BlockPosition } from '#core/ledger/chain-store.ts'
import type { Reversal } from '#core/ledger/settlement-store.ts'
import type { Ids } from '#core/shared/clock.ts'
import { incomingOf } from './confirm-blocks.ts'
import { foundByKey } from './columns.ts'
import { appendCallEvents, CHANGED_CALL, type ChangedCallRow } from './economy-call-events.ts'
import { bothSides } from './entry-sides.ts'
import {
  AccountChanges,
  appendTransactionEvents,
  changeAccounts,
  expectRows,
  lockCursorAt,
} from './ledger-rows.ts'

interface ReverseBlocks {
  chainId: number
  from: BlockPosition
  ancestor: BlockPosition
}

/** Takes back every block after the ancestor, inside the caller's database transaction. */
export async function reverseBlocks(
  client: pg.PoolClient,
  ids: Ids,
  { chainId, from, ancestor }: ReverseBlocks,
): Promise<Reversal> {
  await lockCursorAt(client, chainId, from)
  const reopened = await lockReopened(client, chainId, ancestor.number)
  const changes = await settledChanges(client, chainId, ancestor.number)
  await addReservations(client, changes, reopened)
  await changeAccounts(client, changes.all())
  const movements = await writeReversals(client, chainId, ancestor.number)
  await reopenTransactions(client, reopened)
  await reopenSubmissions(client, ids, chainId, ancestor.number)
  await appendReorged(client, ids, reopened)
  const blocks = await orphanBlocks(client, chainId, ancestor.number)
  await client.query({
    name: 'reverse_move_cursor',
    text: `UPDATE chain_cursor
           SET block_number = $2, block_hash = $3, final_number = least(final_number, $2), updated_at = now()
           WHERE chain_id = $1`,
    values: [chainId, ancestor.number, ancestor.hash],
  })
  return {
    blocks,
    movements,
    transactions: reopened.length,
    finalTransactions: reopened.filter(isFinal).length,
  }
}

/** A transaction of an orphaned block, as the block left it, and what it reserves. */
interface ReopenedRow {
  tenant_id: string
  economy_id: string
  id: string
  status: string
  block_number: string
  tx_hash: string
  account_id: string
  amount: string
  /** Its own row says so: it has failed, or recovery ended it. Otherwise its submission says all. */
  says_itself: boolean
}

async function lockReopened(
  client: pg.PoolClient,
  chainId: number,
  ancestor: number,
): Promise<ReopenedRow[]> {
  const { rows } = await client.query<ReopenedRow>({
    name: 'reverse_lock_reopened',
    text: `SELECT t.tenant_id, t.economy_id, t.id, t.status, t.block_number, t.tx_hash, t.from_user_id AS account_id,
                  t.amount + t.commission AS amount, kept.says_itself
           FROM chain_submission s
           CROSS JOIN LATERAL unnest(s.transaction_ids) AS payment(id)
           CROSS JOIN LATERAL (SELECT * FROM transaction_state WHERE economy_id = s.economy_id AND id = payment.id OFFSET 0) AS t
           CROSS JOIN LATERAL (SELECT status <> 'submitted' OR failure_code IS NOT NULL AS says_itself
                               FROM transaction WHERE economy_id = t.economy_id AND id = t.id OFFSET 0) AS kept
           WHERE s.chain_id = $1 AND s.block_number > $2 AND s.status IN ('mined', 'confirmed', 'reverted')
           ORDER BY s.block_number DESC, t.id
           FOR UPDATE OF s`,
    values: [chainId, ancestor],
  })
  return rows
}

/**
 * The entries of the orphaned blocks, as adopted last; $1 chain, $2 ancestor. Debits are found by their block, on whatever chain there is
 * one of that number. OFFSET 0 keeps the look-up as it stands (`foundByKey`).
 */
const ORPHANED_ENTRIES = `chain_block block
  CROSS JOIN LATERAL (
    SELECT economy_id, account_id, counter_account_id, block_number, log_index, generation FROM entry
    WHERE block_number = block.number AND side = 'debit' AND NOT is_reversal AND generation = block.generation OFFSET 0) AS debit
  JOIN economy ON economy.id = debit.economy_id AND economy.chain_id = block.chain_id
  ${bothSides('NOT is_reversal')}
  WHERE block.chain_id = $1 AND block.number > $2 AND block.status = 'canonical'`

async function settledChanges(
  client: pg.PoolClient,
  chainId: number,
  ancestor: number,
): Promise<AccountChanges> {
  const { rows } = await client.query<{ economy_id: string; account_id: string; amount: string }>({
    name: 'reverse_settled',
    text: `SELECT entry.economy_id, entry.account_id, sum(entry.amount) AS amount FROM ${ORPHANED_ENTRIES}
           GROUP BY entry.economy_id, entry.account_id`,
    values: [chainId, ancestor],
  })
  const changes = new AccountChanges()
  for (const row of rows) changes.of(row.economy_id, row.account_id).settled -= BigInt(row.amount)
  return changes
}

/** Holds that had ended hold again, and what had come in is on its way again. */
async function addReservations(
  client: pg.PoolClient,
  changes: AccountChanges,
  reopened: readonly ReopenedRow[],
): Promise<void> {
  const ended = reopened.filter(hasEndedHold)
  if (ended.length === 0) return
  for (const row of ended) changes.of(row.economy_id, row.account_id).held += BigInt(row.amount)
  for (const leg of await incomingOf(client, keysOf(ended))) {
    changes.of(leg.economyId, leg.accountId).pendingIn += leg.amount
  }
}

/** Newest first, as the blocks are taken back. @returns movements reversed. */
async function writeReversals(client: pg.PoolClient, chainId: number, ancestor: number): Promise<number> {
  const { rowCount } = await client.query({
    name: 'reverse_write_entries',
    text: `INSERT INTO entry (economy_id, account_id, block_number, log_index, side, generation, is_reversal, tenant_id, block_hash,
                              tx_hash, counter_account_id, amount, transaction_id)
           SELECT entry.economy_id, entry.account_id, entry.block_number, entry.log_index, entry.side, entry.generation, true,
                  entry.tenant_id, entry.block_hash, entry.tx_hash, entry.counter_account_id, -entry.amount, entry.transaction_id
           FROM ${ORPHANED_ENTRIES}
           ORDER BY entry.block_number DESC, entry.log_index DESC`,
    values: [chainId, ancestor],
  })
  return (rowCount ?? 0) / 2
}

/** The others are submitted again when their submission is. */
async function reopenTransactions(client: pg.PoolClient, reopened: readonly ReopenedRow[]): Promise<void> {
  const own = reopened.filter((row) => row.says_itself)
  if (own.length === 0) return
  const { rowCount } = await client.query({
    name: 'reverse_reopen_transactions',
    text: `UPDATE transaction SET status = 'submitted', block_number = NULL, tx_hash = NULL, mined_at = NULL, ended_at = NULL,
                  failure_code = NULL, failure_reason = NULL
           FROM unnest($1::uuid[], $2::uuid[]) AS orphaned(economy_id, id)
           ${foundByKey('transaction', { economy_id: 'orphaned.economy_id', id: 'orphaned.id' })}
           WHERE transaction.ctid = found.place`,
    values: keysOf(own),
  })
  expectRows('transactions', rowCount, own.length)
}

/** Back on their way: the lane sends the same bytes again. */
async function reopenSubmissions(
  client: pg.PoolClient,
  ids: Ids,
  chainId: number,
  ancestor: number,
): Promise<void> {
  const { rows } = await client.query<ChangedCallRow>({
    name: 'reverse_reopen_submissions',
    text: `UPDATE chain_submission s
           SET status = 'broadcast', block_number = NULL, block_hash = NULL, tx_hash = NULL, gas_used = NULL,
               effective_gas_price = NULL, revert_reason = NULL, mined_at = NULL, settled_at = NULL,
               ended_at = NULL
           WHERE s.chain_id = $1 AND s.block_number > $2 AND s.status IN ('mined', 'confirmed', 'reverted')
           RETURNING ${CHANGED_CALL}`,
    values: [chainId, ancestor],
  })
  await appendCallEvents(client, ids, rows, () => 'reorged')
}

async function orphanBlocks(client: pg.PoolClient, chainId: number, ancestor: number): Promise<number> {
  const { rowCount } = await client.query({
    name: 'reverse_orphan_blocks',
    text: `UPDATE chain_block SET status = 'orphaned' WHERE chain_id = $1 AND number > $2 AND status = 'canonical'`,
    values: [chainId, ancestor],
  })
  return rowCount ?? 0
}

async function appendReorged(
  client: pg.PoolClient,
  ids: Ids,
  reopened: readonly ReopenedRow[],
): Promise<void> {
  const events = reopened.map((row) => ({
    tenantId: row.tenant_id,
    economyId: row.economy_id,
    transactionId: row.id,
    topic: 'transaction.reorged' as const,
    payload: { previous_status: row.status, block_number: Number(row.block_number), tx_hash: row.tx_hash },
  }))
  await appendTransactionEvents(client, ids, events)
}

function hasEndedHold(row: ReopenedRow): boolean {
  return row.status !== 'submitted'
}

function isFinal(row: ReopenedRow): boolean {
  return row.status === 'confirmed' || row.status === 'failed'
}

function keysOf(rows: readonly ReopenedRow[]): [string[], string[]] {
  return [rows.map((row) => row.economy_id), rows.map((row) => row.id)]
}
