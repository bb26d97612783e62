import type { PageRequest } from '#core/shared/page.ts'
import type { Transaction, TransactionStatus } from '#core/transaction/transaction.ts'
import type {
  AttemptRecord,
  BroadcastAnswer,
  SubmissionRecord,
  TransactionFilter,
  TransactionHistory,
  TransactionReader,
  TransactionRef,
} from '#core/transaction/transaction-reader.ts'
import { type AcceptedRow, toAccepted } from './accepted-row.ts'
import type { Database } from './database.ts'

/** Reads of transactions by plain SQL: get and list are on the hot path of partner backends. */
export function createTransactionReader(database: Database): TransactionReader {
  return {
    get: (ref) => get(database, ref),
    list: (owner, filter, page) => list(database, owner, filter, page),
    history: (ref) => history(database, ref),
    findSettled: (refs) => findSettled(database, refs),
  }
}

interface TransactionRow extends AcceptedRow {
  status: TransactionStatus
  failure_code: string | null
  failure_reason: string | null
  submission_id: string | null
  tx_hash: string | null
  block_number: string | null
  fee_wei: string | null
  submitted_at: Date | null
  mined_at: Date | null
  ended_at: Date | null
}

/** The batch's cost is shared evenly by its payments, rounded up. */
const COLUMNS = `t.id, t.tenant_id, t.economy_id, t.type_id, t.from_user_id, t.to_user_id, t.amount, t.commission, t.currency,
  t.amount_fiat, t.price, t.metadata, t.airdrop_id, t.config_version, t.rules, t.created_at, t.status, t.failure_code, t.failure_reason,
  t.submission_id, t.tx_hash, t.block_number, t.submitted_at, t.mined_at, t.ended_at,
  ceil(s.gas_used * s.effective_gas_price / nullif(cardinality(s.transaction_ids), 0)) AS fee_wei,
  (SELECT jsonb_agg(jsonb_build_object('kind', x.kind, 'from', x.from_account_id, 'to', x.to_account_id, 'amount', x.amount::text)
                    ORDER BY x.position)
   FROM transfer x WHERE x.economy_id = t.economy_id AND x.transaction_id = t.id) AS transfers`

async function get(database: Database, ref: TransactionRef): Promise<Transaction | null> {
  const rows = await database.read<TransactionRow>(
    ref.tenantId,
    'transaction_get',
    `SELECT ${COLUMNS} FROM transaction t LEFT JOIN chain_submission s ON s.id = t.submission_id
     WHERE t.economy_id = $1 AND t.id = $2`,
    [ref.economyId, ref.id],
  )
  return rows[0] ? toTransaction(rows[0]) : null
}

/** Keyset pages over (economy_id, id): ids are UUIDv7, so their order is the order of acceptance. */
async function list(
  database: Database,
  owner: { tenantId: string; economyId: string },
  filter: TransactionFilter,
  page: PageRequest,
): Promise<Transaction[]> {
  const values: unknown[] = [owner.economyId, page.limit + 1]
  const bind = (value: unknown) => `$${values.push(value)}`
  const conditions = listConditions(filter, page, bind)
  const ids = (party: string) =>
    `(SELECT id FROM transaction WHERE economy_id = $1${[...conditions, party]
      .filter(Boolean)
      .map((sql) => ` AND ${sql}`)
      .join('')}
      ORDER BY id ${direction(page)} LIMIT $2)`
  // "Payer or recipient" is two index ranges, each cut to the page, and not a filter over either.
  const user = filter.userId && bind(filter.userId)
  const source = user ? `${ids(`from_user_id = ${user}`)} UNION ${ids(`to_user_id = ${user}`)}` : ids('')
  const rows = await database.read<TransactionRow>(
    owner.tenantId,
    `transaction_list_${shapeOf(filter, page)}`,
    `SELECT ${COLUMNS} FROM (${source}) AS page JOIN transaction t ON t.economy_id = $1 AND t.id = page.id
     LEFT JOIN chain_submission s ON s.id = t.submission_id ORDER BY t.id ${direction(page)} LIMIT $2`,
    values,
  )
  return rows.map(toTransaction)
}

function direction(page: PageRequest): string {
  return page.order === 'asc' ? 'ASC' : 'DESC'
}

/** Prepared statements are told apart by which filters they have (and by the status, which stands in the text). */
function shapeOf(filter: TransactionFilter, page: PageRequest): string {
  const parts = Object.entries(filter).filter(([, value]) => value !== undefined)
  return [
    page.order,
    page.after ? 'after' : '',
    filter.status ?? '',
    ...parts.map(([name]) => name).sort(),
  ].join('_')
}

function listConditions(
  filter: TransactionFilter,
  page: PageRequest,
  bind: (value: unknown) => string,
): string[] {
  const conditions: string[] = []
  if (page.after) conditions.push(`id ${page.order === 'asc' ? '>' : '<'} ${bind(page.after)}::uuid`)
  // A literal, so that the planner sees that the partial index on open transactions serves it.
  if (filter.status) conditions.push(`status = '${STATUS_LITERAL[filter.status]}'`)
  if (filter.fromUserId) conditions.push(`from_user_id = ${bind(filter.fromUserId)}::uuid`)
  if (filter.toUserId) conditions.push(`to_user_id = ${bind(filter.toUserId)}::uuid`)
  if (filter.typeId) conditions.push(`type_id = ${bind(filter.typeId)}::uuid`)
  if (filter.airdropId) conditions.push(`airdrop_id = ${bind(filter.airdropId)}::uuid`)
  if (filter.metadata)
    conditions.push(`metadata @> ${bind(JSON.stringify(filter.metadata))}::jsonb AND metadata <> '{}'`)
  if (filter.createdFrom) {
    conditions.push(
      `id >= ${bind(idAt(filter.createdFrom, -ID_SLACK_MS))}::uuid AND created_at >= ${bind(filter.createdFrom)}`,
    )
  }
  if (filter.createdBefore) {
    conditions.push(
      `id < ${bind(idAt(filter.createdBefore, ID_SLACK_MS))}::uuid AND created_at < ${bind(filter.createdBefore)}`,
    )
  }
  return conditions
}

const STATUS_LITERAL: Record<TransactionStatus, string> = {
  queued: 'queued',
  submitted: 'submitted',
  mined: 'mined',
  confirmed: 'confirmed',
  failed: 'failed',
}

/** Milliseconds that an id's time may be off its row's `created_at`; the exact bound is checked on the row. */
export const ID_SLACK_MS = 60_000

/** The smallest UUIDv7 of a moment. */
export function idAt(moment: Date, offsetMs: number): string {
  const hex = Math.max(0, moment.getTime() + offsetMs)
    .toString(16)
    .padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`
}

async function history(database: Database, ref: TransactionRef): Promise<TransactionHistory | null> {
  const transaction = await get(database, ref)
  if (!transaction) return null
  const [holds, entries, submission] = await Promise.all([
    readHold(database, ref),
    readEntries(database, ref),
    transaction.submissionId ? readSubmission(database, ref, transaction.submissionId) : null,
  ])
  return { transaction, hold: holds[0] ?? null, entries, submission }
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

async function readEntries(database: Database, ref: TransactionRef) {
  const rows = await database.read<{
    account_id: string
    amount: string
    block_number: string
    block_hash: string
    is_reversal: boolean
    created_at: Date
  }>(
    ref.tenantId,
    'transaction_entries',
    `SELECT account_id, amount, block_number, block_hash, is_reversal, created_at FROM entry
     WHERE economy_id = $1 AND transaction_id = $2 ORDER BY created_at, block_number, log_index, side DESC`,
    [ref.economyId, ref.id],
  )
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
    `SELECT s.id, lane.address, s.nonce, s.status, cardinality(s.transaction_ids) AS payments, s.gas_limit, s.gas_used,
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
  return database.raw(tenantIds, async (client) => {
    const { rows } = await client.query<{ id: string }>({
      name: 'transaction_find_settled',
      text: `SELECT id FROM transaction WHERE (economy_id, id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))
               AND status IN ('mined', 'confirmed', 'failed')`,
      values: [refs.map((ref) => ref.economyId), refs.map((ref) => ref.id)],
    })
    return rows.map((row) => row.id)
  })
}

function toBigInt(text: string | null): bigint | null {
  return text === null ? null : BigInt(text)
}

function toTransaction(row: TransactionRow): Transaction {
  return {
    ...toAccepted(row),
    status: row.status,
    failureCode: row.failure_code,
    failureReason: row.failure_reason,
    submissionId: row.submission_id,
    txHash: row.tx_hash,
    blockNumber: toBigInt(row.block_number),
    feeWei: toBigInt(row.fee_wei),
    submittedAt: row.submitted_at,
    minedAt: row.mined_at,
    endedAt: row.ended_at,
  }
}
