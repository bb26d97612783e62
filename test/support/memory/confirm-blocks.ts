import { LedgerInconsistency } from '#core/ledger/errors.ts'
import type { Confirmation } from '#core/ledger/settlement-store.ts'
import { refKey } from '#core/transaction/acceptance-store.ts'
import {
  AccountChanges,
  appendEvent,
  changeAccounts,
  holdOf,
  type LedgerBench,
  lockCursor,
  lockRows,
  moveCursor,
  transactionsOf,
} from './ledger-rows.ts'
import type { SubmissionRow, TransactionRow } from './rows.ts'

/** Ends what is final by depth, as `adapters/postgres/confirm-blocks.ts` does. */
export async function confirmBlocks(
  bench: LedgerBench,
  transactionsMax: number,
): Promise<Confirmation | null> {
  const { tables, tx } = bench
  const cursor = await lockCursor(bench)
  if (!cursor || cursor.isHalted) return null
  const target = cursor.number - cursor.finalityDepth
  if (target <= cursor.finalNumber) return null
  const upTo = boundedEnd(minedIn(bench, cursor.finalNumber, target), target, transactionsMax)
  const submissions = minedIn(bench, cursor.finalNumber, upTo)
  const ending = transactionsOf(bench, submissions)
  const isFailed = (row: TransactionRow) => row.status === 'submitted' && row.failureCode !== null
  const changes = new AccountChanges()
  for (const row of ending.filter(isFailed)) release(bench, row, changes)
  await lockRows(bench, {
    accounts: changes.all(),
    transactions: ending.map(({ economyId, id }) => ({ economyId, transactionId: id })),
    submissions,
  })
  changeAccounts(bench, changes.all())
  let [confirmed, failed] = [0, 0]
  for (const row of transactionsOf(bench, submissions)) {
    const key = refKey(row.economyId, row.id)
    const place = { block_number: row.blockNumber, tx_hash: row.txHash }
    if (row.status === 'mined') {
      confirmed += 1
      tx.change(tables.transactions, key, { status: 'confirmed' })
      appendEvent(bench, row, 'transaction.confirmed', row.id, place)
    } else if (
      isFailed(row) &&
      tx.change(tables.holds, key, { status: 'voided' }, ({ status }) => status === 'pending')
    ) {
      failed += 1
      tx.change(tables.transactions, key, { status: 'failed' })
      const why = { failure_code: row.failureCode, failure_reason: row.failureReason }
      appendEvent(bench, row, 'transaction.failed', row.id, { ...place, ...why })
    }
  }
  const transactions = submissions.reduce((sum, row) => sum + row.transactionIds.length, 0)
  if (confirmed + failed !== transactions) {
    throw new LedgerInconsistency(
      `blocks ${cursor.finalNumber + 1} to ${upTo} carry ${transactions} transactions, ${confirmed} are mined and ${failed} have failed`,
    )
  }
  for (const { id, revertReason } of submissions) {
    tx.change(tables.submissions, id, { status: revertReason === null ? 'confirmed' : 'reverted' })
  }
  moveCursor(bench, { finalNumber: upTo })
  return { finalNumber: upTo, confirmed, failed, isComplete: upTo === target }
}

function minedIn({ tables, tx, chainId }: LedgerBench, after: number, upTo: number): SubmissionRow[] {
  return tx
    .all(tables.submissions)
    .filter(
      ({ blockNumber, ...row }) =>
        row.chainId === chainId &&
        row.status === 'mined' &&
        blockNumber !== null &&
        blockNumber > after &&
        blockNumber <= upTo,
    )
}

/** As many blocks as the bound on transactions allows, but at least the first that has any. */
function boundedEnd(submissions: readonly SubmissionRow[], target: number, transactionsMax: number): number {
  const counts = new Map<number, number>()
  for (const { blockNumber, transactionIds } of submissions) {
    counts.set(blockNumber ?? 0, (counts.get(blockNumber ?? 0) ?? 0) + transactionIds.length)
  }
  let transactions = 0
  for (const [index, [number, count]] of [...counts].toSorted(([a], [b]) => a - b).entries()) {
    transactions += count
    if (index > 0 && transactions > transactionsMax) return number - 1
  }
  return target
}

function release(bench: LedgerBench, row: TransactionRow, changes: AccountChanges): void {
  const hold = holdOf(bench, row)
  if (hold?.status !== 'pending') return
  changes.of(row.economyId, hold.accountId).held -= hold.amount
  for (const leg of row.transfers) changes.of(row.economyId, leg.toAccountId).pendingIn -= leg.amount
}
