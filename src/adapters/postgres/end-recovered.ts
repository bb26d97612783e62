import type pg from 'pg'
import type { SentTransaction } from '#core/chain/sent-transaction.ts'
import type { PaymentFailure } from '#core/ledger/payment-failure.ts'
import type { Ids } from '#core/shared/clock.ts'
import { incomingOf } from './confirm-blocks.ts'
import { AccountChanges, appendTransactionEvents, changeAccounts, expectRows } from './ledger-rows.ts'
import { LEAVE_QUEUE } from './transaction-queue.ts'

/** A payment of a final block that was found only now. */
export interface RecoveredPayment {
  transactionId: string
  /** Its place in the batch. */
  index: number
  /** Null: it was made. */
  failure: PaymentFailure | null
}

interface Recovered {
  economyId: string
  tenantId: string
  submissionId: string
  /** The status in which the transactions are now, their rows locked. */
  from: 'queued' | 'submitted'
  sent: SentTransaction
  payments: readonly RecoveredPayment[]
}

/**
 * Ends transactions whose payments are in a block that is settled and final: holds posted or voided, reservations taken back,
 * events appended. Settled balances are not touched: the block's transfers are in the ledger already.
 */
export async function endRecovered(client: pg.PoolClient, ids: Ids, recovered: Recovered): Promise<void> {
  const { economyId, tenantId, payments, sent } = recovered
  if (payments.length === 0) return
  await releaseReservations(client, recovered)
  const { rowCount } = await client.query(
    `WITH moved AS (
     UPDATE transaction t
     SET status = CASE WHEN p.code IS NULL THEN 'confirmed' ELSE 'failed' END, failure_code = p.code, failure_reason = p.reason,
         submission_id = $2, payment_index = p.index, block_number = $3, tx_hash = $4,
         submitted_at = coalesce(t.submitted_at, now()), mined_at = now(), ended_at = now()
     FROM unnest($5::uuid[], $6::int[], $7::text[], $8::text[]) AS p(id, index, code, reason)
     WHERE t.economy_id = $1 AND t.id = p.id AND t.status = $9 AND coalesce(t.submission_id, $2) = $2 AND t.failure_code IS NULL
     RETURNING t.economy_id, t.id
     )${recovered.from === 'queued' ? `, left_queue AS (${LEAVE_QUEUE})` : ''}
     SELECT FROM moved`,
    [
      economyId,
      recovered.submissionId,
      sent.blockNumber,
      sent.txHash,
      payments.map(({ transactionId }) => transactionId),
      payments.map(({ index }) => index),
      payments.map(({ failure }) => failure?.code ?? null),
      payments.map(({ failure }) => failure?.reason ?? null),
      recovered.from,
    ],
  )
  expectRows(`${recovered.from} transactions`, rowCount, payments.length)
  await appendTransactionEvents(
    client,
    ids,
    payments.map(({ transactionId, failure }) => ({
      tenantId,
      economyId,
      transactionId,
      topic: failure ? 'transaction.failed' : 'transaction.confirmed',
      payload: {
        block_number: sent.blockNumber,
        tx_hash: sent.txHash,
        recovered: true,
        ...(failure && { failure_code: failure.code, failure_reason: failure.reason }),
      },
    })),
  )
}

async function releaseReservations(
  client: pg.PoolClient,
  { economyId, payments, from }: Recovered,
): Promise<void> {
  const transactionIds = payments.map(({ transactionId }) => transactionId)
  const keys = [transactionIds.map(() => economyId), transactionIds]
  const { rows } = await client.query<{ account_id: string; amount: string }>(
    `SELECT from_user_id AS account_id, amount + commission AS amount FROM transaction
     WHERE economy_id = $1 AND id = ANY ($2::uuid[]) AND status = $3`,
    [economyId, transactionIds, from],
  )
  expectRows(`${from} transactions`, rows.length, payments.length)
  const changes = new AccountChanges()
  for (const row of rows) changes.of(economyId, row.account_id).held -= BigInt(row.amount)
  for (const leg of await incomingOf(client, keys))
    changes.of(leg.economyId, leg.accountId).pendingIn -= leg.amount
  await changeAccounts(client, changes.all())
}
