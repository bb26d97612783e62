import { NONCE_FILLER } from '#core/chain/submission.ts'
import type { BlockHeader } from '#core/ledger/block.ts'
import type { BlockPosition } from '#core/ledger/chain-store.ts'
import { LedgerInconsistency } from '#core/ledger/errors.ts'
import type { Movement, NewAccount, Settlement } from '#core/ledger/settlement.ts'
import { refKey } from '#core/transaction/acceptance-store.ts'
import {
  appendEvent,
  changeAccounts,
  countChanged,
  expectRows,
  type LedgerBench,
  lockCursorAt,
  lockRows,
  moveCursor,
} from './ledger-rows.ts'
import { type EntryRow, isOpen, type SubmissionRow } from './rows.ts'

interface AdoptedBlock extends BlockPosition {
  generation: number
}

/** Writes a settlement into the tables, as `adapters/postgres/settle-blocks.ts` does. */
export async function settleBlocks(
  bench: LedgerBench,
  from: BlockPosition,
  settlement: Settlement,
  headNumber: number,
): Promise<void> {
  const { tables, tx } = bench
  await lockCursorAt(bench, from)
  const carrierOf = carriersOf(settlement)
  await lockRows(bench, {
    accounts: settlement.changes,
    transactions: [...settlement.payments, ...settlement.failures],
    submissions: settlement.submissions,
  })
  const blocks = settlement.blocks.map((header) => adopt(bench, header))
  const blockOf = ({ blockIndex }: { blockIndex: number }): AdoptedBlock => {
    const block = blocks[blockIndex]
    if (!block) throw new RangeError(`the settlement has no block ${blockIndex}`)
    return block
  }
  for (const account of settlement.newAccounts) createAccount(bench, account)
  changeAccounts(bench, settlement.changes)
  for (const movement of settlement.movements) writeEntries(bench, movement, blockOf(movement))
  const posted = countChanged(settlement.payments, ({ economyId, transactionId, amount }) =>
    tx.change(
      tables.holds,
      refKey(economyId, transactionId),
      { status: 'posted' },
      (hold) => hold.status === 'pending' && hold.amount === amount,
    ),
  )
  expectRows('pending holds', posted, settlement.payments.length)
  const mined = countChanged(settlement.payments, (payment) =>
    tx.change(
      tables.transactions,
      refKey(payment.economyId, payment.transactionId),
      { status: 'mined', blockNumber: blockOf(payment).number, txHash: payment.txHash },
      (row) =>
        row.status === 'submitted' && row.failureCode === null && row.submissionId === carrierOf(payment),
    ),
  )
  expectRows('submitted transactions', mined, settlement.payments.length)
  const failed = countChanged(settlement.failures, ({ code, reason, txHash, ...failure }) =>
    tx.change(
      tables.transactions,
      refKey(failure.economyId, failure.transactionId),
      { failureCode: code, failureReason: reason, blockNumber: blockOf(failure).number, txHash },
      (row) =>
        row.status === 'submitted' && row.failureCode === null && row.submissionId === carrierOf({ txHash }),
    ),
  )
  expectRows('submitted transactions', failed, settlement.failures.length)
  const told = [...settlement.payments, ...settlement.failures]
  const landed = countChanged(settlement.submissions, ({ id, blockIndex, ...outcome }) => {
    const { number: blockNumber, hash: blockHash } = blockOf({ blockIndex })
    const carried = told.filter(({ txHash }) => txHash === outcome.txHash).length
    return tx.change(
      tables.submissions,
      id,
      { status: 'mined', blockNumber, blockHash, ...outcome },
      (row) => mayLand(row) && row.transactionIds.length === carried,
    )
  })
  expectRows('submissions on their way', landed, settlement.submissions.length)
  for (const payment of settlement.payments) {
    const payload = { block_number: blockOf(payment).number, tx_hash: payment.txHash }
    appendEvent(bench, payment, 'transaction.mined', payment.transactionId, payload)
  }
  const last = blocks.at(-1)
  if (!last) throw new RangeError('a settlement has at least one block')
  moveCursor(bench, { number: last.number, hash: last.hash, headNumber })
}

/** The submission of these blocks that carried a payment. @throws LedgerInconsistency for one that none of its block did. */
function carriersOf({ submissions, payments, failures }: Settlement) {
  const byHash = new Map(submissions.map((mined) => [mined.txHash, mined]))
  for (const { txHash, blockIndex, transactionId } of [...payments, ...failures]) {
    if (byHash.get(txHash)?.blockIndex !== blockIndex)
      throw new LedgerInconsistency(`transaction ${transactionId} is in no submission of its block`)
  }
  return ({ txHash }: { txHash: string }) => byHash.get(txHash)?.id
}

/** A filler is given up as soon as its nonce is used, and lands after all when a re-org takes that back. */
function mayLand(row: SubmissionRow): boolean {
  return isOpen(row) || (row.status === 'replaced' && row.kind === NONCE_FILLER)
}

function adopt({ tables, tx, chainId }: LedgerBench, { number, hash }: BlockHeader): AdoptedBlock {
  const atHeight = tx.all(tables.blocks).filter((row) => row.chainId === chainId && row.number === number)
  const adopted = atHeight.filter((row) => row.status === 'canonical')
  if (adopted.some((row) => row.hash !== hash)) throw new Error('chain_block_one_canonical')
  expectRows('blocks that are not adopted', 1 - adopted.length, 1)
  const generation = 1 + Math.max(0, ...atHeight.map((row) => row.generation))
  tx.put(tables.blocks, `${chainId}/${number}/${hash}`, {
    chainId,
    number,
    hash,
    generation,
    status: 'canonical',
  })
  return { number, hash, generation }
}

function createAccount({ tables, tx }: LedgerBench, account: NewAccount): void {
  const isTaken = tx
    .all(tables.accounts)
    .some(({ economyId, address }) => economyId === account.economyId && address === account.address)
  if (isTaken) throw new Error('account_economy_id_address_key')
  tx.put(tables.accounts, refKey(account.economyId, account.id), {
    ...account,
    settled: 0n,
    held: 0n,
    pendingIn: 0n,
  })
}

function writeEntries(bench: LedgerBench, movement: Movement, block: AdoptedBlock): void {
  const { economyId, logIndex, txHash, fromAccountId, toAccountId, amount, transactionId } = movement
  const { number: blockNumber, hash: blockHash, generation } = block
  const common = {
    economyId,
    blockNumber,
    blockHash,
    logIndex,
    generation,
    isReversal: false,
    txHash,
    transactionId,
  }
  writeEntry(bench, {
    ...common,
    side: 'debit',
    accountId: fromAccountId,
    counterAccountId: toAccountId,
    amount: -amount,
  })
  writeEntry(bench, {
    ...common,
    side: 'credit',
    accountId: toAccountId,
    counterAccountId: fromAccountId,
    amount,
  })
}

/** Append-only, each place once. */
export function writeEntry({ tables, tx }: LedgerBench, entry: EntryRow): void {
  const { economyId, accountId, blockNumber, logIndex, side, generation, isReversal } = entry
  const key = [economyId, accountId, blockNumber, logIndex, side, generation, isReversal].join('/')
  if (tx.get(tables.entries, key)) throw new Error('entry_pkey')
  tx.put(tables.entries, key, entry)
}
