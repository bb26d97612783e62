import { type AcceptedBatch, refKey } from '#core/transaction/acceptance-store.ts'
import type { AcceptedTransaction } from '#core/transaction/transaction.ts'
import { columnOf, foundByKey, jsonColumnOf, textColumnOf } from './columns.ts'
import type { Statements } from './database.ts'

/**
 * Everything the batch decided, in one statement and one round trip. Values come as an array per column: as one JSON document, parsing
 * it took a third of the statement. Rows that a transaction always has alike (its movement, its event) are made of its own columns.
 */
export async function writeBatch(client: Statements, batch: AcceptedBatch): Promise<void> {
  const { transactions, results, now } = batch
  const reservations = [...batch.reservations].map(([ref, reservation]) => ({
    ids: ref.split('/'),
    ...reservation,
  }))
  const counts = countsOf(transactions)
  const column = (value: (transaction: AcceptedTransaction) => string | number | bigint | null) =>
    columnOf(transactions.map(value))
  await client.query({
    ...writeStatement({
      commissions: transactions.some(({ transfers }) => transfers.length > 1),
      labels: transactions.some(({ metadata }) => Object.keys(metadata).length > 0),
      results: results.length > 0,
    }),
    values: [
      now,
      column(({ economyId }) => economyId),
      column(({ id }) => id),
      column(({ tenantId }) => tenantId),
      column(({ typeId }) => typeId),
      column(({ fromUserId }) => fromUserId),
      column(({ toUserId }) => toUserId),
      column(({ amount }) => amount),
      column(({ commission }) => commission),
      column(({ currency }) => currency),
      column(({ amountFiat }) => amountFiat),
      column(({ price }) => price),
      jsonColumnOf(transactions.map(({ metadata }) => metadata)),
      column(({ airdropId }) => airdropId),
      column(({ configVersion }) => configVersion),
      jsonColumnOf(transactions.map(({ rules }) => rules)),
      column(({ transfers }) => transfers[1]?.toAccountId ?? null),
      columnOf(reservations.map(({ ids: [economyId = ''] }) => economyId)),
      columnOf(reservations.map(({ ids: [, accountId = ''] }) => accountId)),
      columnOf(reservations.map(({ held }) => held)),
      columnOf(reservations.map(({ pendingIn }) => pendingIn)),
      columnOf(counts.map(({ economyId }) => economyId)),
      columnOf(counts.map(({ subjectId }) => subjectId)),
      columnOf(counts.map(({ tenantId }) => tenantId)),
      columnOf(counts.map(({ count }) => count)),
      columnOf(counts.map(({ amount }) => amount)),
      ...(results.length > 0
        ? [
            columnOf(results.map(({ economyId }) => economyId)),
            textColumnOf(results.map(({ key }) => key)),
            jsonColumnOf(results.map(({ result }) => ({ items: result }))),
          ]
        : []),
    ],
  })
}

/** What most batches have none of: a part of the statement that finds nothing to do still costs its beginning. */
type Parts = Record<keyof typeof PARTS, boolean>

function writeStatement(has: Parts): { name: string; text: string } {
  // The keys are those of the object that they are looked up in.
  const present = (Object.keys(PARTS) as (keyof typeof PARTS)[]).filter((part) => has[part])
  return {
    name: ['accept_write', ...present].join('_'),
    text: `${WRITE}${present.map((part) => PARTS[part]).join('')}${COUNT}`,
  }
}

const PARTS = {
  commissions: `, new_commission AS (
  INSERT INTO transfer (economy_id, transaction_id, position, tenant_id, kind, from_account_id, to_account_id, amount)
  SELECT economy_id, id, 1, tenant_id, 'commission', from_user_id, commission_to_id, commission
  FROM item WHERE commission_to_id IS NOT NULL
)`,
  labels: `, new_label AS (
  INSERT INTO transaction_label (economy_id, label, transaction_id, tenant_id)
  SELECT item.economy_id, label.key || '=' || label.value, item.id, item.tenant_id
  FROM item CROSS JOIN LATERAL jsonb_each_text(item.metadata) AS label WHERE item.metadata <> '{}'
  ON CONFLICT DO NOTHING
)`,
  results: `, answered AS (
  UPDATE idempotency_record SET transaction_id = NULL, response = answer.response
  FROM unnest($27::uuid[], $28::text[], $29::jsonb[]) AS answer(scope_id, key, response)
  ${foundByKey('idempotency_record', { scope_id: 'answer.scope_id', key: 'answer.key' })}
  WHERE idempotency_record.ctid = found.place
)`,
}

const WRITE = `
WITH item AS (
  SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::uuid[], $8::numeric[], $9::numeric[], $10::text[],
                       $11::numeric[], $12::numeric[], $13::jsonb[], $14::uuid[], $15::int[], $16::jsonb[], $17::uuid[])
    AS item(economy_id, id, tenant_id, type_id, from_user_id, to_user_id, amount, commission, currency,
            amount_fiat, price, metadata, airdrop_id, config_version, rules, commission_to_id)
), new_transaction AS (
  INSERT INTO transaction (economy_id, id, tenant_id, type_id, from_user_id, to_user_id, amount, commission, currency, amount_fiat,
                           price, metadata, airdrop_id, config_version, rules, created_at)
  SELECT economy_id, id, tenant_id, type_id, from_user_id, to_user_id, amount, commission, currency, amount_fiat,
         price, metadata, airdrop_id, config_version, rules, $1::timestamptz
  FROM item
), new_transfer AS (
  INSERT INTO transfer (economy_id, transaction_id, position, tenant_id, kind, from_account_id, to_account_id, amount)
  SELECT economy_id, id, 0, tenant_id, 'amount', from_user_id, to_user_id, amount FROM item
), new_event AS (
  INSERT INTO outbox_record (last_id, tenant_id, economy_id, topic, event_ids, subject_ids, created_at)
  SELECT ids[cardinality(ids)], tenant_id, economy_id, 'transaction.queued', ids, ids, $1::timestamptz
  FROM (SELECT economy_id, tenant_id, array_agg(id ORDER BY id) AS ids FROM item GROUP BY economy_id, tenant_id) AS told
), reserved AS (
  UPDATE wallet SET reserved = wallet.reserved + change.reserved, announced = wallet.announced + change.announced,
                    reserved_at = $1::timestamptz
  FROM unnest($18::uuid[], $19::uuid[], $20::numeric[], $21::numeric[]) AS change(economy_id, id, reserved, announced)
  ${foundByKey('wallet', { economy_id: 'change.economy_id', user_id: 'change.id' })}
  WHERE wallet.ctid = found.place
)`

const COUNT = `
INSERT INTO activity (economy_id, subject_id, hour, tenant_id, count, amount)
SELECT economy_id, subject_id, date_trunc('hour', $1::timestamptz), tenant_id, count, amount
FROM unnest($22::uuid[], $23::uuid[], $24::uuid[], $25::bigint[], $26::numeric[])
  AS part(economy_id, subject_id, tenant_id, count, amount)
ORDER BY economy_id, subject_id
ON CONFLICT (economy_id, subject_id, hour)
DO UPDATE SET count = activity.count + excluded.count, amount = activity.amount + excluded.amount`

/** What a batch adds to the windows of one subject. */
interface Count {
  economyId: string
  subjectId: string
  tenantId: string
  count: number
  /** Base units, commissions included. */
  amount: bigint
}

/** One for each payer and each type. */
function countsOf(transactions: readonly AcceptedTransaction[]): Count[] {
  const counts = new Map<string, Count>()
  for (const { economyId, tenantId, fromUserId, typeId, amount, commission } of transactions) {
    for (const subjectId of [fromUserId, typeId]) {
      const key = refKey(economyId, subjectId)
      const known = counts.get(key)
      const total = amount + commission
      if (known) Object.assign(known, { count: known.count + 1, amount: known.amount + total })
      else counts.set(key, { economyId, subjectId, tenantId, count: 1, amount: total })
    }
  }
  return [...counts.values()]
}
