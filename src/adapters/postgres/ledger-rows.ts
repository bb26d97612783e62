import type pg from 'pg'
import type { BlockPosition } from '#core/ledger/chain-store.ts'
import { CursorMoved, LedgerInconsistency } from '#core/ledger/errors.ts'
import type { AccountChange } from '#core/ledger/settlement.ts'
import type { Topic } from '#core/outbox/topics.ts'
import type { Ids } from '#core/shared/clock.ts'

/** PostgreSQL's code for a violated CHECK: a balance or a reservation would have gone below zero. */
const CHECK_VIOLATION = '23514'

/**
 * A condition on rows that are found by their primary key anyway. As a plain comparison with a status that rows only pass
 * through, the planner would take it for the rarest thing (its statistics are always stale) and compare every such row with
 * every row of the batch: minutes instead of milliseconds. A CASE it takes for a coin toss.
 */
export function unestimated(condition: string): string {
  return `CASE WHEN ${condition} THEN true ELSE false END`
}

/**
 * Where the row of `table` with this primary key is: `place`, of the relation `found`; for an UPDATE, whose own table the planner
 * may reach however it likes. OFFSET 0 keeps the look-up as it stands: one by the primary key for each row before it. Joined
 * plainly, an economy that is younger than the statistics is read from end to end for every row, by any index that begins with it.
 * The row must be locked, or have one writer at a time: it is found again by its place.
 * @param key The values of the primary key's columns, in terms of the relations before.
 */
export function foundByKey(table: string, key: Readonly<Record<string, string>>): string {
  const conditions = Object.entries(key).map(([column, value]) => `${table}.${column} = ${value}`)
  return `CROSS JOIN LATERAL (SELECT ctid AS place FROM ${table} WHERE ${conditions.join(' AND ')} OFFSET 0) AS found`
}

/**
 * Values of a column as an array of PostgreSQL, for ids, numbers, hashes and words: nothing that needs quotes. Quoting each value,
 * as for any text, took longer than all the rest of the call.
 */
export function columnOf(values: readonly (string | number | bigint | null)[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`
}

/** What every writer of the ledger holds: one at a time per chain. */
export interface LockedCursor extends BlockPosition {
  finalNumber: number
  finalityDepth: number
  isHalted: boolean
}

/** Locks the chain's cursor until the end of the database transaction. Null before the first block. */
export async function lockCursor(client: pg.PoolClient, chainId: number): Promise<LockedCursor | null> {
  const { rows } = await client.query<{
    block_number: string
    block_hash: string
    final_number: string
    finality_depth: number
    status: string
  }>({
    name: 'ledger_lock_cursor',
    text: `SELECT cursor.block_number, cursor.block_hash, cursor.final_number, chain.finality_depth, chain.status
           FROM chain_cursor cursor JOIN chain ON chain.id = cursor.chain_id
           WHERE cursor.chain_id = $1 FOR UPDATE OF cursor`,
    values: [chainId],
  })
  const [row] = rows
  if (!row) return null
  return {
    number: Number(row.block_number),
    hash: row.block_hash,
    finalNumber: Number(row.final_number),
    finalityDepth: row.finality_depth,
    isHalted: row.status === 'halted',
  }
}

/** @throws CursorMoved when the cursor is not at `expected`, or the chain was halted meanwhile. */
export async function lockCursorAt(
  client: pg.PoolClient,
  chainId: number,
  expected: BlockPosition,
): Promise<LockedCursor> {
  const cursor = await lockCursor(client, chainId)
  if (!cursor || cursor.isHalted || cursor.number !== expected.number || cursor.hash !== expected.hash) {
    throw new CursorMoved(`the cursor of chain ${chainId} is no longer at block ${expected.number}`)
  }
  return cursor
}

/** Adds up changes of the same account. */
export class AccountChanges {
  readonly #changes = new Map<string, AccountChange>()

  of(economyId: string, accountId: string): AccountChange {
    const key = `${economyId}/${accountId}`
    let change = this.#changes.get(key)
    if (!change) {
      change = { economyId, accountId, settled: 0n, held: 0n, pendingIn: 0n }
      this.#changes.set(key, change)
    }
    return change
  }

  all(): AccountChange[] {
    return [...this.#changes.values()]
  }
}

/**
 * Locks the accounts in (economy, id) order, the same as the acceptor's, and then changes each once.
 * @throws LedgerInconsistency when an account is missing or would go below zero.
 */
export async function changeAccounts(
  client: pg.PoolClient,
  changes: readonly AccountChange[],
): Promise<void> {
  if (changes.length === 0) return
  const economyIds = columnOf(changes.map((change) => change.economyId))
  const ids = columnOf(changes.map((change) => change.accountId))
  await client.query({
    name: 'ledger_lock_accounts',
    text: `SELECT FROM (SELECT * FROM unnest($1::uuid[], $2::uuid[]) AS change(economy_id, id) ORDER BY economy_id, id) AS change
           CROSS JOIN LATERAL (SELECT FROM account WHERE economy_id = change.economy_id AND id = change.id
                               OFFSET 0 FOR NO KEY UPDATE) AS locked`,
    values: [economyIds, ids],
  })
  const { rowCount } = await client.query({
    name: 'ledger_change_accounts',
    text: `UPDATE account SET settled = account.settled + change.settled, held = account.held + change.held,
                  pending_in = account.pending_in + change.pending_in, updated_at = now()
           FROM unnest($1::uuid[], $2::uuid[], $3::numeric[], $4::numeric[], $5::numeric[])
                AS change(economy_id, id, settled, held, pending_in)
           ${foundByKey('account', { economy_id: 'change.economy_id', id: 'change.id' })}
           WHERE account.ctid = found.place`,
    values: [
      economyIds,
      ids,
      columnOf(changes.map((change) => change.settled)),
      columnOf(changes.map((change) => change.held)),
      columnOf(changes.map((change) => change.pendingIn)),
    ],
  })
  expectRows('accounts', rowCount, changes.length)
}

/** A state change to tell of. */
export interface TransactionEvent {
  tenantId: string
  economyId: string
  transactionId: string
  topic: Topic
  payload: Readonly<Record<string, unknown>>
}

/** Appends one event per change to the outbox. */
export async function appendTransactionEvents(
  client: pg.PoolClient,
  ids: Ids,
  events: readonly TransactionEvent[],
): Promise<void> {
  if (events.length === 0) return
  await client.query({
    name: 'ledger_append_events',
    text: `INSERT INTO outbox_event (id, tenant_id, economy_id, topic, subject_id, payload)
           SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::jsonb[])`,
    values: [
      columnOf(events.map(() => ids.next())),
      columnOf(events.map((event) => event.tenantId)),
      columnOf(events.map((event) => event.economyId)),
      columnOf(events.map((event) => event.topic)),
      columnOf(events.map((event) => event.transactionId)),
      events.map((event) => JSON.stringify(event.payload)),
    ],
  })
}

/** @throws LedgerInconsistency when a statement met more or fewer rows than the chain says there must be. */
export function expectRows(what: string, found: number | null, expected: number): void {
  if (found === expected) return
  throw new LedgerInconsistency(
    `${expected} ${what} should have been changed, ${found ?? 0} were found as expected`,
  )
}

/** A CHECK that stops the ledger is an inconsistency, not an accident to repeat. */
export async function asInconsistency<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work
  } catch (error) {
    if (!isCheckViolation(error)) throw error
    throw new LedgerInconsistency(`the database refused a row: ${error.message}`, { cause: error })
  }
}

function isCheckViolation(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === CHECK_VIOLATION
}
