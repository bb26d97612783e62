import type { BlockPosition } from '#core/ledger/chain-store.ts'
import type { Reversal } from '#core/ledger/settlement-store.ts'
import { refKey } from '#core/transaction/acceptance-store.ts'
import {
  AccountChanges,
  appendEvent,
  changeAccounts,
  holdOf,
  type LedgerBench,
  lockCursorAt,
  lockRows,
  moveCursor,
  transactionsOf,
} from './ledger-rows.ts'
import type { EntryRow, SubmissionRow } from './rows.ts'
import { writeEntry } from './settle-blocks.ts'

/** Takes back every block after the ancestor, as `adapters/postgres/reverse-blocks.ts` does. */
export async function reverseBlocks(
  bench: LedgerBench,
  from: BlockPosition,
  ancestor: BlockPosition,
): Promise<Reversal> {
  const { tables, tx, chainId } = bench
  const cursor = await lockCursorAt(bench, from)
  const submissions = orphanedSubmissions(bench, ancestor.number)
  const reopened = transactionsOf(bench, submissions)
  await lockRows(bench, {
    accounts: accountChanges(bench, ancestor.number).all(),
    transactions: reopened.map(({ economyId, id }) => ({ economyId, transactionId: id })),
    submissions,
  })
  changeAccounts(bench, accountChanges(bench, ancestor.number).all())
  const entries = orphanedEntries(bench, ancestor.number)
  for (const entry of entries) writeEntry(bench, { ...entry, isReversal: true, amount: -entry.amount })
  for (const row of reopened) {
    const key = refKey(row.economyId, row.id)
    tx.change(tables.holds, key, { status: 'pending' })
    tx.change(tables.transactions, key, {
      status: 'submitted',
      blockNumber: null,
      txHash: null,
      failureCode: null,
      failureReason: null,
    })
    const payload = { previous_status: row.status, block_number: row.blockNumber, tx_hash: row.txHash }
    appendEvent(bench, row, 'transaction.reorged', row.id, payload)
  }
  for (const { id } of submissions) tx.change(tables.submissions, id, ON_ITS_WAY)
  const orphaned = tx
    .all(tables.blocks)
    .filter((row) => row.chainId === chainId && row.number > ancestor.number && row.status === 'canonical')
  for (const block of orphaned) {
    tx.put(tables.blocks, `${chainId}/${block.number}/${block.hash}`, { ...block, status: 'orphaned' })
  }
  const finalNumber = Math.min(cursor.finalNumber, ancestor.number)
  moveCursor(bench, { number: ancestor.number, hash: ancestor.hash, finalNumber })
  return {
    blocks: orphaned.length,
    movements: entries.length / 2,
    transactions: reopened.length,
    finalTransactions: reopened.filter(({ status }) => status === 'confirmed' || status === 'failed').length,
  }
}

const ON_ITS_WAY: Partial<SubmissionRow> = {
  status: 'broadcast',
  blockNumber: null,
  blockHash: null,
  txHash: null,
  gasUsed: null,
  effectiveGasPrice: null,
  revertReason: null,
}

function orphanedSubmissions({ tables, tx, chainId }: LedgerBench, ancestor: number): SubmissionRow[] {
  return tx
    .all(tables.submissions)
    .filter(
      (row) =>
        row.chainId === chainId &&
        (row.blockNumber ?? 0) > ancestor &&
        ['mined', 'confirmed', 'reverted'].includes(row.status),
    )
}

/** The entries of the orphaned blocks, as adopted last. */
function orphanedEntries({ tables, tx, chainId }: LedgerBench, ancestor: number): EntryRow[] {
  return tx.all(tables.entries).filter((entry) => {
    if (entry.isReversal || entry.blockNumber <= ancestor) return false
    if (tx.get(tables.economies, entry.economyId)?.chainId !== chainId) return false
    const block = tx.get(tables.blocks, `${chainId}/${entry.blockNumber}/${entry.blockHash}`)
    return block?.status === 'canonical' && block.generation === entry.generation
  })
}

/** What settled goes back; holds that had ended hold again, and what had come in is on its way again. */
function accountChanges(bench: LedgerBench, ancestor: number): AccountChanges {
  const changes = new AccountChanges()
  for (const { economyId, accountId, amount } of orphanedEntries(bench, ancestor)) {
    changes.of(economyId, accountId).settled -= amount
  }
  for (const row of transactionsOf(bench, orphanedSubmissions(bench, ancestor))) {
    const hold = holdOf(bench, row)
    if (!hold || hold.status === 'pending') continue
    changes.of(row.economyId, hold.accountId).held += hold.amount
    for (const leg of row.transfers) changes.of(row.economyId, leg.toAccountId).pendingIn += leg.amount
  }
  return changes
}
