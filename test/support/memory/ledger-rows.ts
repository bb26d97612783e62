import type { BlockPosition } from '#core/ledger/chain-store.ts'
import { CursorMoved, LedgerInconsistency } from '#core/ledger/errors.ts'
import type { AccountChange } from '#core/ledger/settlement.ts'
import type { Topic } from '#core/outbox/topics.ts'
import type { Ids } from '#core/shared/clock.ts'
import { refKey } from '#core/transaction/acceptance-store.ts'
import type { Gate, MemoryTx } from './memory-database.ts'
import {
  type AccountRow,
  append,
  type CursorRow,
  type MemoryTables,
  type SubmissionRow,
  type TransactionRow,
} from './rows.ts'

/** What writes the ledger works with. */
export interface LedgerBench {
  tables: MemoryTables
  ids: Ids
  gate: Gate
  tx: MemoryTx
  chainId: number
}

/** Locks the chain's cursor until the end. */
export async function lockCursor({ tables, gate, tx, chainId }: LedgerBench) {
  await tx.lock(gate, `cursor/${chainId}`)
  const [cursor, chain] = [tx.get(tables.cursors, String(chainId)), tx.get(tables.chains, String(chainId))]
  if (!cursor || !chain) return null
  return { ...cursor, finalityDepth: chain.finalityDepth, isHalted: chain.status === 'halted' }
}

/** @throws CursorMoved */
export async function lockCursorAt(bench: LedgerBench, expected: BlockPosition): Promise<CursorRow> {
  const cursor = await lockCursor(bench)
  if (!cursor || cursor.isHalted || cursor.number !== expected.number || cursor.hash !== expected.hash) {
    throw new CursorMoved(`the cursor of chain ${bench.chainId} is no longer at block ${expected.number}`)
  }
  const { finalityDepth: _depth, isHalted: _isHalted, ...row } = cursor
  return row
}

export function moveCursor({ tables, tx, chainId }: LedgerBench, fields: Partial<CursorRow>): void {
  tx.change(tables.cursors, String(chainId), fields)
}

/** Locks rows in one order, whoever asks. */
export async function lockRows(
  { gate, tx }: LedgerBench,
  rows: {
    accounts?: readonly { economyId: string; accountId: string }[]
    transactions?: readonly { economyId: string; transactionId: string }[]
    submissions?: readonly { id: string }[]
  },
): Promise<void> {
  const { accounts = [], transactions = [], submissions = [] } = rows
  await tx.lockAll(
    gate,
    accounts.map((row) => `account/${refKey(row.economyId, row.accountId)}`),
  )
  await tx.lockAll(
    gate,
    transactions.map((row) => `transaction/${refKey(row.economyId, row.transactionId)}`),
  )
  await tx.lockAll(
    gate,
    submissions.map(({ id }) => `submission/${id}`),
  )
}

/** Adds up changes of the same account. */
export class AccountChanges {
  readonly #changes = new Map<string, AccountChange>()

  of(economyId: string, accountId: string): AccountChange {
    const key = refKey(economyId, accountId)
    const change = this.#changes.get(key) ?? { economyId, accountId, settled: 0n, held: 0n, pendingIn: 0n }
    this.#changes.set(key, change)
    return change
  }

  all(): AccountChange[] {
    return [...this.#changes.values()]
  }
}

/** The CHECKs of the account table stand here. @throws LedgerInconsistency */
export function changeAccounts({ tables, tx }: LedgerBench, changes: readonly AccountChange[]): void {
  let found = 0
  for (const { economyId, accountId, settled, held, pendingIn } of changes) {
    const key = refKey(economyId, accountId)
    const row = tx.get(tables.accounts, key)
    if (!row) continue
    found += 1
    const changed: AccountRow = {
      ...row,
      settled: row.settled + settled,
      held: row.held + held,
      pendingIn: row.pendingIn + pendingIn,
    }
    const isSigned = row.kind === 'issuance' ? changed.settled <= 0n : changed.settled >= 0n
    if (!isSigned || changed.held < 0n || changed.pendingIn < 0n) {
      throw new LedgerInconsistency(`the database refused a row: account ${accountId} would go below zero`)
    }
    tx.put(tables.accounts, key, changed)
  }
  expectRows('accounts', found, changes.length)
}

/** @throws LedgerInconsistency */
export function expectRows(what: string, found: number, expected: number): void {
  if (found === expected) return
  throw new LedgerInconsistency(
    `${expected} ${what} should have been changed, ${found} were found as expected`,
  )
}

/** How many of the rows fitted and were changed. */
export function countChanged<Item>(items: readonly Item[], change: (item: Item) => boolean): number {
  return items.filter((item) => change(item)).length
}

export function appendEvent(
  { tables, tx, ids }: LedgerBench,
  row: { economyId: string; tenantId: string },
  topic: Topic,
  transactionId: string,
  payload: Readonly<Record<string, unknown>>,
): void {
  const { economyId, tenantId } = row
  append(tables, tx, { id: ids.next(), tenantId, economyId, topic, subjectId: transactionId, payload })
}

/** The transactions of submissions, each with its hold. */
export function transactionsOf(
  { tables, tx }: LedgerBench,
  submissions: readonly SubmissionRow[],
): TransactionRow[] {
  return submissions.flatMap(({ economyId, transactionIds }) =>
    transactionIds.flatMap((id) => tx.get(tables.transactions, refKey(economyId ?? '', id)) ?? []),
  )
}

export function holdOf({ tables, tx }: LedgerBench, { economyId, id }: { economyId: string; id: string }) {
  return tx.get(tables.holds, refKey(economyId, id))
}
