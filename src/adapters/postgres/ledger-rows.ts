import type pg from 'pg'
import type { BlockPosition } from '#core/ledger/chain-store.ts'
import { CursorMoved, LedgerInconsistency } from '#core/ledger/errors.ts'
import type { AccountChange } from '#core/ledger/settlement.ts'
import type { Topic } from '#core/outbox/topics.ts'
import type { Ids } from '#core/shared/clock.ts'
import { columnOf, foundByKey, jsonColumnOf, kindsOf, textColumnOf } from './columns.ts'

/** PostgreSQL's code for a violated CHECK: a balance or a reservation would have gone below zero. */
const CHECK_VIOLATION = '23514'

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
 * Changes each account once. The caller holds the chain's cursor: accounts have one writer at a time.
 * @throws LedgerInconsistency when an account is missing or would go below zero.
 */
export async function changeAccounts(
  client: pg.PoolClient,
  changes: readonly AccountChange[],
): Promise<void> {
  if (changes.length === 0) return
  const economies = kindsOf(changes, (change) => change.economyId)
  const { rowCount } = await client.query({
    name: 'ledger_change_accounts',
    text: `UPDATE account SET settled = account.settled + change.settled, released = account.released - change.held,
                  arrived = account.arrived - change.pending_in, updated_at = now()
           FROM unnest($2::int[], $3::uuid[], $4::numeric[], $5::numeric[], $6::numeric[])
                AS change(kind, id, settled, held, pending_in)
           ${foundByKey('account', { economy_id: '($1::uuid[])[change.kind]', id: 'change.id' })}
           WHERE account.ctid = found.place`,
    values: [
      columnOf(economies.kinds.map((change) => change.economyId)),
      economies.places,
      columnOf(changes.map((change) => change.accountId)),
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

/** Appends one event per change to the outbox: one record for all that differ in nothing but their transaction. */
export async function appendTransactionEvents(
  client: pg.PoolClient,
  ids: Ids,
  events: readonly TransactionEvent[],
): Promise<void> {
  if (events.length === 0) return
  const records = recordsOf(events).map((record) => ({
    ...record,
    eventIds: record.subjectIds.map(() => ids.next()),
  }))
  await client.query({
    name: 'ledger_append_events',
    text: `INSERT INTO outbox_record (last_id, tenant_id, economy_id, topic, event_ids, subject_ids, payload)
           SELECT last_id, tenant_id, economy_id, topic, event_ids::uuid[], subject_ids::uuid[], payload
           FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::jsonb[])
                AS record(last_id, tenant_id, economy_id, topic, event_ids, subject_ids, payload)`,
    values: [
      columnOf(records.map(({ eventIds }) => eventIds.at(-1) ?? null)),
      columnOf(records.map(({ event }) => event.tenantId)),
      columnOf(records.map(({ event }) => event.economyId)),
      columnOf(records.map(({ event }) => event.topic)),
      textColumnOf(records.map(({ eventIds }) => columnOf(eventIds))),
      textColumnOf(records.map(({ subjectIds }) => columnOf(subjectIds))),
      jsonColumnOf(records.map(({ event }) => event.payload)),
    ],
  })
}

/** Events that a record of the log can hold; the table has the same bound. */
export const EVENTS_PER_RECORD_MAX = 1_000

/** Events of one economy, topic and payload together, in the order of their first. */
function recordsOf(events: readonly TransactionEvent[]): { event: TransactionEvent; subjectIds: string[] }[] {
  const records: { event: TransactionEvent; subjectIds: string[] }[] = []
  const open = new Map<string, { event: TransactionEvent; subjectIds: string[] }>()
  for (const event of events) {
    const key = `${event.economyId} ${event.topic} ${JSON.stringify(event.payload)}`
    const known = open.get(key)
    if (known && known.subjectIds.length < EVENTS_PER_RECORD_MAX) {
      known.subjectIds.push(event.transactionId)
      continue
    }
    const record = { event, subjectIds: [event.transactionId] }
    open.set(key, record)
    records.push(record)
  }
  return records
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
