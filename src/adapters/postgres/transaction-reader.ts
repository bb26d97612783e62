import type { Transaction } from '#core/transaction/transaction.ts'
import type {
  AttemptRecord,
  BroadcastAnswer,
  SubmissionRecord,
  TransactionHistory,
  TransactionReader,
  TransactionRef,
} from '#core/transaction/transaction-reader.ts'
import type { Database } from './database.ts'
import { bothSides } from './entry-sides.ts'
import { listTransactions } from './transaction-list.ts'
import { TRANSACTION_COLUMNS, type TransactionRow, toBigInt, toTransaction } from './transaction-row.ts'
import { readWebhookTries } from './webhook-tries.ts'

/** Reads of transactions by plain SQL: get and list are on the hot path of partner backends. */
export function createTransactionReader(database: Database): TransactionReader {
  return {
    get: (ref) => get(database, ref),
    list: (owner, filter, page) => listTransactions(database, owner, filter, page),
    history: (ref) => history(database, ref),
    findSettled: (refs) => findSettled(database, refs),
  }
}

async function get(database: Database, ref: TransactionRef): Promise<Transaction | null> {
  const rows = await database.read<TransactionRow>(
    ref.tenantId,
    'transaction_get',
    `SELECT ${TRANSACTION_COLUMNS} FROM transaction_state t LEFT JOIN chain_submission s ON s.id = t.submission_id
     WHERE t.economy_id = $1 AND t.id = $2`,
    [ref.economyId, ref.id],
  )
  return rows[0] ? toTransaction(rows[0]) : null
}

async function history(database: Database, ref: TransactionRef): Promise<TransactionHistory | null> {
  const transaction = await get(database, ref)
  if (!transaction) return null
  const [holds, entries, webhookTries, submission] = await Promise.all([
    readHold(database, ref),
    readEntries(database, ref),
    readWebhookTries(database, ref),
    transaction.submissionId ? readSubmission(database, ref, transaction.submissionId) : null,
  ])
  return { transaction, hold: holds[0] ?? null, entries, webhookTries, submission }
}

async function readHold(database: Database, ref: TransactionRef) {
  const rows = await database.read<{
    amount: string
    status: 'pending' | 'posted' | 'voided'
    created_at: Date
    ended_at: Date | null
  }>(
    ref.tenantId,
    'transaction_hold',
    'SELECT amount, status, created_at, ended_at FROM hold WHERE economy_id = $1 AND transaction_id = $2',
    [ref.economyId, ref.id],
  )
  return rows.map((row) => ({
    amount: BigInt(row.amount),
    status: row.status,
    createdAt: row.created_at,
    endedAt: row.ended_at,
  }))
}

/** $1 economy, $2 transaction; and what takes its entries back. */
const TRANSACTION_ENTRIES = `
SELECT entry.account_id, entry.amount, entry.block_number, '0x' || encode(entry.block_hash, 'hex') AS block_hash, entry.is_reversal,
       entry.created_at
FROM (SELECT economy_id, account_id, counter_account_id, block_number, log_index, generation FROM entry
      WHERE transaction_id = $2 AND side = 'debit' AND NOT is_reversal OFFSET 0) AS debit
${bothSides()}
WHERE debit.economy_id = $1
ORDER BY entry.created_at, entry.block_number, entry.log_index, entry.generation, entry.is_reversal, entry.side DESC`

async function readEntries(database: Database, ref: TransactionRef) {
  const rows = await database.read<{
    account_id: string
    amount: string
    block_number: string
    block_hash: string
    is_reversal: boolean
    created_at: Date
  }>(ref.tenantId, 'transaction_entries', TRANSACTION_ENTRIES, [ref.economyId, ref.id])
  return rows.map((row) => ({
    accountId: row.account_id,
    amount: BigInt(row.amount),
    blockNumber: BigInt(row.block_number),
    blockHash: row.block_hash,
    isReversal: row.is_reversal,
    createdAt: row.created_at,
  }))
}

interface SubmissionRow {
  id: string
  address: string
  nonce: string
  status: string
  payments: number
  gas_limit: string
  gas_used: string | null
  effective_gas_price: string | null
  block_number: string | null
  tx_hash: string | null
  revert_reason: string | null
  attempts: {
    attempt: number
    tx_hash: string
    max_fee: string
    max_priority_fee: string
    signed_at: string
    answers: BroadcastAnswer[]
  }[]
}

async function readSubmission(
  database: Database,
  ref: TransactionRef,
  submissionId: string,
): Promise<SubmissionRecord | null> {
  const rows = await database.read<SubmissionRow>(
    ref.tenantId,
    'transaction_submission',
    `SELECT s.id, lane.address, s.nonce, s.status, s.payments, s.gas_limit, s.gas_used,
            s.effective_gas_price, s.block_number, s.tx_hash, s.revert_reason,
            coalesce((SELECT jsonb_agg(jsonb_build_object('attempt', a.attempt, 'tx_hash', a.tx_hash, 'max_fee', a.max_fee_per_gas::text,
                               'max_priority_fee', a.max_priority_fee_per_gas::text, 'signed_at', a.signed_at, 'answers', a.answers)
                               ORDER BY a.attempt)
                      FROM submission_attempt a WHERE a.submission_id = s.id), '[]') AS attempts
     FROM chain_submission s JOIN lane ON lane.id = s.lane_id WHERE s.id = $1`,
    [submissionId],
  )
  return rows[0] ? toSubmission(rows[0]) : null
}

function toSubmission(row: SubmissionRow): SubmissionRecord {
  return {
    id: row.id,
    laneAddress: row.address,
    nonce: BigInt(row.nonce),
    status: row.status,
    payments: row.payments,
    gasLimit: BigInt(row.gas_limit),
    gasUsed: toBigInt(row.gas_used),
    effectiveGasPrice: toBigInt(row.effective_gas_price),
    blockNumber: toBigInt(row.block_number),
    txHash: row.tx_hash,
    revertReason: row.revert_reason,
    attempts: row.attempts.map(
      (attempt): AttemptRecord => ({
        attempt: attempt.attempt,
        txHash: attempt.tx_hash,
        maxFeePerGas: BigInt(attempt.max_fee),
        maxPriorityFeePerGas: BigInt(attempt.max_priority_fee),
        signedAt: new Date(attempt.signed_at),
        answers: attempt.answers,
      }),
    ),
  }
}

async function findSettled(database: Database, refs: readonly TransactionRef[]): Promise<string[]> {
  const tenantIds = [...new Set(refs.map((ref) => ref.tenantId))]
  return database.rawByKeys(tenantIds, async (client) => {
    const { rows } = await client.query<{ id: string }>({
      name: 'transaction_find_settled',
      text: `SELECT t.id FROM unnest($1::uuid[], $2::uuid[]) AS wanted(economy_id, id)
             CROSS JOIN LATERAL (SELECT * FROM transaction_state WHERE economy_id = wanted.economy_id AND id = wanted.id OFFSET 0) AS t
             WHERE t.status IN ('mined', 'confirmed', 'failed')`,
      values: [refs.map((ref) => ref.economyId), refs.map((ref) => ref.id)],
    })
    return rows.map((row) => row.id)
  })
}
