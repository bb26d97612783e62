import type pg from 'pg'
import { NONCE_FILLER } from '#core/chain/submission.ts'
import type { BlockPosition } from '#core/ledger/chain-store.ts'
import { LedgerInconsistency } from '#core/ledger/errors.ts'
import type {
  MinedSubmission,
  Movement,
  NewAccount,
  RecordedFailure,
  SettledPayment,
  Settlement,
} from '#core/ledger/settlement.ts'
import type { Ids } from '#core/shared/clock.ts'
import { bytesColumnOf, columnOf, foundByKey, kindsOf, unestimated } from './columns.ts'
import { appendCallEvents, CHANGED_CALL, type ChangedCallRow } from './economy-call-events.ts'
import { appendTransactionEvents, changeAccounts, expectRows, lockCursorAt } from './ledger-rows.ts'

/** Of a block or a transaction. */
const HASH_BYTES = 32

interface SettleBlocks {
  chainId: number
  from: BlockPosition
  settlement: Settlement
  headNumber: number
}

/**
 * Writes a settlement inside the caller's database transaction. The acceptor waits for nothing that it locks. Statements that need
 * nothing of each other's answers go out one behind the other and are executed in that order (`Database.pool`): the values of the next
 * one are written down while Postgres executes the last, so that the block is settled, and the cores are free for requests, sooner.
 */
export async function settleBlocks(client: pg.PoolClient, ids: Ids, input: SettleBlocks): Promise<void> {
  const { chainId, from, settlement, headNumber } = input
  await lockCursorAt(client, chainId, from)
  const blocks = await adoptBlocks(client, chainId, settlement)
  expectReleases(settlement)
  const carriers = carriersOf(settlement)
  // Where one fails the server refuses those behind it, and the first answer that is a failure is the one that is told.
  await Promise.all([
    createAccounts(client, settlement.newAccounts),
    writeEntries(client, blocks, settlement.movements),
    mineSubmissions(client, ids, blocks, carriers),
    recordFailures(client, blocks, settlement.failures, carriers),
    expectPayments(client, settlement.payments, carriers),
    appendMined(client, ids, blocks, settlement.payments),
    changeAccounts(client, settlement.changes),
    moveCursor(client, chainId, blocks, headNumber),
  ])
}

interface AdoptedBlock extends BlockPosition {
  minedAt: Date
  /** Which adoption of its height this is, from 1. */
  generation: number
}

/** The cursor's lock keeps everybody else from counting. @throws LedgerInconsistency for a block that is adopted already. */
async function adoptBlocks(
  client: pg.PoolClient,
  chainId: number,
  { blocks }: Settlement,
): Promise<AdoptedBlock[]> {
  const { rows } = await client.query<{ number: string; generation: number }>({
    name: 'settle_adopt_blocks',
    text: `INSERT INTO chain_block (chain_id, number, hash, parent_hash, mined_at, generation)
           SELECT $1, block.*, 1 + coalesce((SELECT max(k.generation) FROM chain_block k WHERE k.chain_id = $1 AND k.number = block.number), 0)
           FROM unnest($2::bigint[], $3::text[], $4::text[], $5::timestamptz[]) AS block(number, hash, parent_hash, mined_at)
           ON CONFLICT (chain_id, number, hash)
           DO UPDATE SET status = 'canonical', generation = excluded.generation, indexed_at = now() WHERE chain_block.status = 'orphaned'
           RETURNING number, generation`,
    values: [
      chainId,
      blocks.map((block) => block.number),
      blocks.map((block) => block.hash),
      blocks.map((block) => block.parentHash),
      blocks.map((block) => block.minedAt),
    ],
  })
  expectRows('blocks that are not adopted', rows.length, blocks.length)
  const generations = new Map(rows.map((row) => [Number(row.number), row.generation]))
  return blocks.map(({ number, hash, minedAt }) => ({
    number,
    hash,
    minedAt,
    generation: generations.get(number) ?? 1,
  }))
}

async function createAccounts(client: pg.PoolClient, accounts: readonly NewAccount[]): Promise<void> {
  if (accounts.length === 0) return
  await client.query({
    name: 'settle_create_accounts',
    text: `INSERT INTO account (economy_id, id, tenant_id, kind, address)
           SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[])`,
    values: [
      accounts.map((account) => account.economyId),
      accounts.map((account) => account.id),
      accounts.map((account) => account.tenantId),
      accounts.map((account) => account.kind),
      accounts.map((account) => account.address),
    ],
  })
}

async function writeEntries(
  client: pg.PoolClient,
  blocks: readonly AdoptedBlock[],
  movements: readonly Movement[],
): Promise<void> {
  if (movements.length === 0) return
  const economies = kindsOf(movements, ({ economyId }) => economyId)
  const evmTransactions = kindsOf(movements, ({ txHash }) => txHash)
  await client.query({
    name: 'settle_write_entries',
    text: `INSERT INTO entry (economy_id, account_id, block_number, log_index, side, generation, tenant_id, block_hash, tx_hash,
                              counter_account_id, amount, transaction_id)
           SELECT ($1::uuid[])[movement.economy], side.account_id, ($3::bigint[])[movement.block], movement.log_index, side.name,
                  ($5::int[])[movement.block], ($2::uuid[])[movement.economy], ($4::bytea[])[movement.block],
                  substr($6::bytea, ${HASH_BYTES} * (movement.evm_transaction - 1) + 1, ${HASH_BYTES}),
                  side.counter_account_id, side.amount, movement.transaction_id
           FROM unnest($7::int[], $8::int[], $9::int[], $10::int[], $11::uuid[], $12::uuid[], $13::numeric[], $14::uuid[])
                AS movement(economy, block, evm_transaction, log_index, from_id, to_id, amount, transaction_id)
           CROSS JOIN LATERAL (VALUES ('debit', movement.from_id, movement.to_id, -movement.amount),
                                      ('credit', movement.to_id, movement.from_id, movement.amount))
                AS side(name, account_id, counter_account_id, amount)`,
    values: [
      columnOf(economies.kinds.map((movement) => movement.economyId)),
      columnOf(economies.kinds.map((movement) => movement.tenantId)),
      blocks.map((block) => block.number),
      bytesColumnOf(blocks.map((block) => block.hash)),
      blocks.map((block) => block.generation),
      Buffer.from(evmTransactions.kinds.map(({ txHash }) => txHash.slice(2)).join(''), 'hex'),
      economies.places,
      columnOf(movements.map((movement) => movement.blockIndex + 1)),
      evmTransactions.places,
      columnOf(movements.map((movement) => movement.logIndex)),
      columnOf(movements.map((movement) => movement.fromAccountId)),
      columnOf(movements.map((movement) => movement.toAccountId)),
      columnOf(movements.map((movement) => movement.amount)),
      columnOf(movements.map((movement) => movement.transactionId)),
    ],
  })
}

/** A submission of these blocks, and how many payments the chain says it carried, made or not. */
interface Carrier extends MinedSubmission {
  payments: number
}

/**
 * The submissions by their hash. A submission says for all that it carried that it is mined, so each payment must be of one of them, in
 * its block, and none may be named twice. @throws LedgerInconsistency
 */
function carriersOf({ submissions, payments, failures }: Settlement): ReadonlyMap<string, Carrier> {
  const carriers = new Map(submissions.map((mined) => [mined.txHash, { ...mined, payments: 0 }]))
  const named = new Set<string>()
  for (const { txHash, blockIndex, transactionId } of [...payments, ...failures]) {
    const carrier = carriers.get(txHash)
    if (carrier?.blockIndex !== blockIndex || named.has(transactionId))
      throw new LedgerInconsistency(`transaction ${transactionId} is not once in a submission of its block`)
    carrier.payments += 1
    named.add(transactionId)
  }
  return carriers
}

function carrierOf(carriers: ReadonlyMap<string, Carrier>, { txHash }: { txHash: string }): Carrier {
  const carrier = carriers.get(txHash)
  if (!carrier) throw new RangeError(`the settlement has no submission ${txHash}`)
  return carrier
}

/**
 * Nothing is written to the transactions that were paid: that their submission is mined posts their holds. So each must be one that
 * waits for just that. Read when the submissions are locked, and the failures recorded: a payment cannot be both.
 */
async function expectPayments(
  client: pg.PoolClient,
  payments: readonly SettledPayment[],
  carriers: ReadonlyMap<string, Carrier>,
): Promise<void> {
  if (payments.length === 0) return
  const { rows } = await client.query<{ count: number }>({
    name: 'settle_expect_payments',
    text: `SELECT count(*)::int AS count
           FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::numeric[]) AS payment(economy_id, id, submission_id, amount)
           CROSS JOIN LATERAL (SELECT * FROM transaction WHERE economy_id = payment.economy_id AND id = payment.id OFFSET 0) AS t
           WHERE t.submission_id = payment.submission_id AND t.amount + t.commission = payment.amount
             AND t.status = 'submitted' AND t.failure_code IS NULL`,
    values: [
      columnOf(payments.map((payment) => payment.economyId)),
      columnOf(payments.map((payment) => payment.transactionId)),
      columnOf(payments.map((payment) => carrierOf(carriers, payment).id)),
      columnOf(payments.map((payment) => payment.amount)),
    ],
  })
  expectRows('submitted transactions of these amounts', rows[0]?.count ?? 0, payments.length)
}

/** Only recorded: the hold stays until the block is final, so that a re-org never meets money that was given back too early. */
async function recordFailures(
  client: pg.PoolClient,
  blocks: readonly AdoptedBlock[],
  failures: readonly RecordedFailure[],
  carriers: ReadonlyMap<string, Carrier>,
): Promise<void> {
  if (failures.length === 0) return
  const { rowCount } = await client.query({
    name: 'settle_record_failures',
    text: `UPDATE transaction SET failure_code = failure.code, failure_reason = failure.reason,
                  block_number = failure.block_number, tx_hash = failure.tx_hash
           FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::uuid[])
                AS failure(economy_id, id, code, reason, block_number, tx_hash, submission_id)
           ${foundByKey('transaction', { economy_id: 'failure.economy_id', id: 'failure.id' })}
           WHERE transaction.ctid = found.place AND transaction.submission_id = failure.submission_id
             AND ${unestimated(`transaction.status = 'submitted' AND transaction.failure_code IS NULL`)}`,
    values: [
      failures.map((failure) => failure.economyId),
      failures.map((failure) => failure.transactionId),
      failures.map((failure) => failure.code),
      failures.map((failure) => failure.reason),
      failures.map((failure) => blockOf(blocks, failure).number),
      failures.map((failure) => failure.txHash),
      failures.map((failure) => carrierOf(carriers, failure).id),
    ],
  })
  expectRows('submitted transactions', rowCount, failures.length)
}

/**
 * With each the transactions that it carried are mined, but for those whose failure is recorded: so the chain must have spoken of all of
 * them. settled_at is by our clock, as every other moment of a transaction: a block's own time has whole seconds, and may be before the
 * acceptance.
 *
 * A filler is given up as soon as its nonce is used. When a re-org takes that back it may land after all, which moves nothing;
 * anything else that was given up and lands is an inconsistency.
 */
async function mineSubmissions(
  client: pg.PoolClient,
  ids: Ids,
  blocks: readonly AdoptedBlock[],
  carriers: ReadonlyMap<string, Carrier>,
): Promise<void> {
  const submissions = [...carriers.values()]
  if (submissions.length === 0) return
  const { rows } = await client.query<ChangedCallRow>({
    name: 'settle_mine_submissions',
    text: `UPDATE chain_submission s
           SET status = 'mined', block_number = mined.block_number, block_hash = mined.block_hash, tx_hash = mined.tx_hash,
               gas_used = mined.gas_used, effective_gas_price = mined.gas_price, revert_reason = mined.revert_reason,
               mined_at = mined.mined_at, settled_at = now()
           FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::numeric[], $7::text[], $8::timestamptz[], $9::int[])
                AS mined(id, block_number, block_hash, tx_hash, gas_used, gas_price, revert_reason, mined_at, payments)
           WHERE s.id = mined.id AND coalesce(s.payments, 0) = mined.payments
             AND (s.status IN ('signed', 'broadcast') OR (s.status = 'replaced' AND s.kind = '${NONCE_FILLER}'))
           RETURNING ${CHANGED_CALL}`,
    values: [
      submissions.map((mined) => mined.id),
      submissions.map((mined) => blockOf(blocks, mined).number),
      submissions.map((mined) => blockOf(blocks, mined).hash),
      submissions.map((mined) => mined.txHash),
      submissions.map((mined) => mined.gasUsed),
      submissions.map((mined) => mined.effectiveGasPrice.toString()),
      submissions.map((mined) => mined.revertReason),
      submissions.map((mined) => blockOf(blocks, mined).minedAt),
      submissions.map((mined) => mined.payments),
    ],
  })
  expectRows('submissions on their way, with all that they carry,', rows.length, submissions.length)
  await appendCallEvents(client, ids, rows, () => 'mined')
}

async function appendMined(
  client: pg.PoolClient,
  ids: Ids,
  blocks: readonly AdoptedBlock[],
  payments: readonly SettledPayment[],
): Promise<void> {
  const events = payments.map((payment) => ({
    tenantId: payment.tenantId,
    economyId: payment.economyId,
    transactionId: payment.transactionId,
    topic: 'transaction.mined' as const,
    payload: { block_number: blockOf(blocks, payment).number, tx_hash: payment.txHash },
  }))
  await appendTransactionEvents(client, ids, events)
}

/** What is released is exactly what the posted payments had reserved. @throws LedgerInconsistency */
function expectReleases({ changes, payments }: Settlement): void {
  const released = changes.reduce((sum, change) => sum - change.held, 0n)
  const posted = payments.reduce((sum, payment) => sum + payment.amount, 0n)
  if (released !== posted)
    throw new LedgerInconsistency(`${posted} was posted, and ${released} would be released`)
}

async function moveCursor(
  client: pg.PoolClient,
  chainId: number,
  blocks: readonly AdoptedBlock[],
  headNumber: number,
): Promise<void> {
  const last = blocks.at(-1)
  if (!last) throw new RangeError('a settlement has at least one block')
  await client.query({
    name: 'settle_move_cursor',
    text: `UPDATE chain_cursor SET block_number = $2, block_hash = $3, head_number = $4, updated_at = now() WHERE chain_id = $1`,
    values: [chainId, last.number, last.hash, headNumber],
  })
}

function blockOf(blocks: readonly AdoptedBlock[], { blockIndex }: { blockIndex: number }): AdoptedBlock {
  const block = blocks[blockIndex]
  if (!block) throw new RangeError(`the settlement has no block ${blockIndex}`)
  return block
}
