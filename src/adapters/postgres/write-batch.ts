import assert from 'node:assert'
import { type AcceptedBatch, refKey } from '#core/transaction/acceptance-store.ts'
import type { AcceptedTransaction } from '#core/transaction/transaction.ts'
import {
  alike,
  alikeJsonColumnOf,
  columnOf,
  foundByKey,
  jsonColumnOf,
  kindsOf,
  placesColumnOf,
  sparseColumnOf,
  textColumnOf,
} from './columns.ts'
import type { Statements } from './database.ts'
import { hourOf } from './activity.ts'

/**
 * Where the wallets are that this database transaction has locked, by `refKey`: nobody else can write them, so that each is found again
 * there, without its index.
 */
export type WalletPlaces = Map<string, string>

/**
 * Everything the batch decided, in one statement and one round trip. Values come as an array per column: as one JSON document, parsing
 * it took a third of the statement. What every transaction has alike, its event, is made of its own columns.
 */
export async function writeBatch(
  client: Statements,
  batch: AcceptedBatch,
  places: WalletPlaces,
): Promise<void> {
  const { transactions, results, now } = batch
  const sent = sentBy(transactions)
  const reservations = [...batch.reservations]
  const counts = countsOf(transactions)
  const ofTransactions = kindsOf(
    transactions,
    ({ economyId, typeId, configVersion }) => `${economyId} ${typeId} ${configVersion}`,
  )
  const ofCounts = kindsOf(counts, ({ economyId }) => economyId)
  const column = (value: (transaction: AcceptedTransaction) => string | bigint) =>
    columnOf(transactions.map(value))
  const sparseColumn = (value: (transaction: AcceptedTransaction) => string | bigint | null) =>
    sparseColumnOf(transactions.map(value))
  await client.query({
    ...writeStatement({
      labels: transactions.some(({ metadata }) => Object.keys(metadata).length > 0),
      results: results.length > 0,
    }),
    values: [
      now,
      columnOf(ofTransactions.kinds.map(({ economyId }) => economyId)),
      columnOf(ofTransactions.kinds.map(({ tenantId }) => tenantId)),
      columnOf(ofTransactions.kinds.map(({ typeId }) => typeId)),
      columnOf(ofTransactions.kinds.map(({ configVersion }) => configVersion)),
      ofTransactions.places,
      column(({ id }) => id),
      column(({ fromUserId }) => fromUserId),
      column(({ toUserId }) => toUserId),
      column(({ amount }) => amount),
      column(({ commission }) => commission),
      sparseColumn(({ currency }) => currency),
      sparseColumn(({ amountFiat }) => amountFiat),
      sparseColumn(({ price }) => price),
      alikeJsonColumnOf(transactions.map(({ metadata }) => metadata)),
      sparseColumn(({ airdropId }) => airdropId),
      alikeJsonColumnOf(transactions.map(({ rules }) => rules)),
      sparseColumn(({ transfers }) => transfers[1]?.toAccountId ?? null),
      placesColumnOf(reservations.map(([ref]) => placeOf(places, ref))),
      columnOf(reservations.map(([, { held }]) => held)),
      columnOf(reservations.map(([, { pendingIn }]) => pendingIn)),
      columnOf(reservations.map(([ref]) => sent.get(ref) ?? 0)),
      hourOf(now),
      columnOf(ofCounts.kinds.map(({ economyId }) => economyId)),
      columnOf(ofCounts.kinds.map(({ tenantId }) => tenantId)),
      ofCounts.places,
      columnOf(counts.map(({ typeId }) => typeId)),
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

function placeOf(places: WalletPlaces, ref: string): string {
  return places.get(ref) ?? assert.fail('a wallet is locked before anything of it is reserved')
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
  labels: `, new_label AS (
  INSERT INTO transaction_label (economy_id, label, transaction_id, tenant_id)
  SELECT item.economy_id, label.key || '=' || label.value, item.id, item.tenant_id
  FROM item CROSS JOIN LATERAL jsonb_each_text(item.metadata) AS label WHERE item.metadata <> '{}'
  ON CONFLICT DO NOTHING
)`,
  results: `, answered AS (
  UPDATE idempotency_record SET transaction_id = NULL, response = answer.response
  FROM unnest($30::uuid[], $31::text[], $32::jsonb[]) AS answer(scope_id, key, response)
  ${foundByKey('idempotency_record', { scope_id: 'answer.scope_id', key: 'answer.key' })}
  WHERE idempotency_record.ctid = found.place
)`,
}

/** A wallet that only receives, or sends more in the hour that it counts, goes on counting. */
const GOES_ON = 'change.sent = 0 OR wallet.activity_hour = $23::timestamptz'

const WRITE = `
WITH item AS (
  SELECT ($2::uuid[])[kind] AS economy_id, id, ($3::uuid[])[kind] AS tenant_id, ($4::uuid[])[kind] AS type_id, from_user_id, to_user_id,
         amount, commission, currency, amount_fiat, price, ${alike('metadata', '$15')} AS metadata, airdrop_id,
         ($5::int[])[kind] AS config_version, ${alike('rules', '$17')} AS rules, commission_to_id
  FROM unnest($6::int[], $7::uuid[], $8::uuid[], $9::uuid[], $10::numeric[], $11::numeric[], $12::text[], $13::numeric[], $14::numeric[],
              $15::jsonb[], $16::uuid[], $17::jsonb[], $18::uuid[])
    AS item(kind, id, from_user_id, to_user_id, amount, commission, currency, amount_fiat, price,
            metadata, airdrop_id, rules, commission_to_id)
), new_transaction AS (
  INSERT INTO transaction (economy_id, id, tenant_id, type_id, from_user_id, to_user_id, amount, commission, currency, amount_fiat,
                           price, metadata, airdrop_id, config_version, rules, commission_to_id, created_at)
  SELECT economy_id, id, tenant_id, type_id, from_user_id, to_user_id, amount, commission, currency, amount_fiat,
         price, metadata, airdrop_id, config_version, rules, commission_to_id, $1::timestamptz
  FROM item
), new_event AS (
  INSERT INTO outbox_record (last_id, tenant_id, economy_id, topic, event_ids, subject_ids, created_at)
  SELECT ids[cardinality(ids)], tenant_id, economy_id, 'transaction.queued', ids, ids, $1::timestamptz
  FROM (SELECT economy_id, tenant_id, array_agg(id ORDER BY id) AS ids FROM item GROUP BY economy_id, tenant_id) AS told
), reserved AS (
  UPDATE wallet SET reserved = wallet.reserved + change.reserved, announced = wallet.announced + change.announced,
                    reserved_at = $1::timestamptz,
                    activity_hour = CASE WHEN change.sent > 0 THEN $23::timestamptz ELSE wallet.activity_hour END,
                    activity_count = change.sent + CASE WHEN ${GOES_ON} THEN wallet.activity_count ELSE 0 END,
                    activity_amount = change.reserved + CASE WHEN ${GOES_ON} THEN wallet.activity_amount ELSE 0 END
  FROM unnest($19::tid[], $20::numeric[], $21::numeric[], $22::int[]) AS change(place, reserved, announced, sent)
  WHERE wallet.ctid = change.place
  RETURNING old.economy_id, old.user_id, old.tenant_id, old.activity_hour AS hour, old.activity_count AS count, old.activity_amount AS amount,
            new.activity_hour AS running_hour
)`

/** Of types the batch's sums, and of payers the hours that their wallets no longer count. */
const COUNT = `
INSERT INTO activity (economy_id, subject_id, hour, tenant_id, count, amount)
SELECT ($24::uuid[])[kind], type_id, $23::timestamptz, ($25::uuid[])[kind], count, amount
FROM unnest($26::int[], $27::uuid[], $28::bigint[], $29::numeric[]) AS part(kind, type_id, count, amount)
UNION ALL
SELECT economy_id, user_id, hour, tenant_id, count, amount FROM reserved WHERE hour <> running_hour AND count > 0
ORDER BY 1, 2
ON CONFLICT (economy_id, subject_id, hour)
DO UPDATE SET count = activity.count + excluded.count, amount = activity.amount + excluded.amount`

/** What a batch adds to the windows of a type. */
interface Count {
  economyId: string
  typeId: string
  tenantId: string
  count: number
  /** Base units, commissions included. */
  amount: bigint
}

function countsOf(transactions: readonly AcceptedTransaction[]): Count[] {
  const counts = new Map<string, Count>()
  for (const { economyId, tenantId, typeId, amount, commission } of transactions) {
    const known = counts.get(typeId)
    const total = amount + commission
    if (known) Object.assign(known, { count: known.count + 1, amount: known.amount + total })
    else counts.set(typeId, { economyId, typeId, tenantId, count: 1, amount: total })
  }
  return [...counts.values()]
}

/** How many transactions each payer sends, by `refKey`. */
function sentBy(transactions: readonly AcceptedTransaction[]): ReadonlyMap<string, number> {
  const sent = new Map<string, number>()
  for (const { economyId, fromUserId } of transactions) {
    const key = refKey(economyId, fromUserId)
    sent.set(key, (sent.get(key) ?? 0) + 1)
  }
  return sent
}
