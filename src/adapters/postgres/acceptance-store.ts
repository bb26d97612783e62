import type pg from 'pg'
import type { StoredResult } from '#core/transaction/accept-transactions.ts'
import {
  type AcceptanceStore,
  type AcceptanceTx,
  type AcceptedBatch,
  type ActivitySubject,
  type EconomyState,
  type FoundKey,
  type KeyClaim,
  type LockedParty,
  type PartyRef,
  refKey,
} from '#core/transaction/acceptance-store.ts'
import type { AcceptedTransaction } from '#core/transaction/transaction.ts'
import type { RuleCompiler } from '#core/rule/rule-compiler.ts'
import type { ActivityWindows } from '#core/rule/evaluate-rules.ts'
import { type AcceptedRow, toAccepted } from './accepted-row.ts'
import type { Database } from './database.ts'
import { columnOf, foundByKey } from './ledger-rows.ts'
import { readEconomyConfig } from './economy-config.ts'

/** The acceptor's side of Postgres: a handful of set-based statements per batch, whatever its size. */
export function createAcceptanceStore(
  database: Pick<Database, 'rawByKeys'>,
  compiler: RuleCompiler,
): AcceptanceStore {
  return {
    transaction: (tenantIds, work) =>
      database.rawByKeys(tenantIds, (client) => work(createAcceptanceTx(client, compiler))),
  }
}

function createAcceptanceTx(client: pg.PoolClient, compiler: RuleCompiler): AcceptanceTx {
  return {
    claimKeys: (claims) => claimKeys(client, claims),
    readEconomies: (economyIds) => readEconomies(client, economyIds),
    loadConfig: (economyId) => readEconomyConfig(client, economyId, compiler),
    lockParties: (refs) => lockParties(client, refs),
    readActivity: (subjects, now) => readActivity(client, subjects, now),
    findAccepted: (economyId, ids) => findAccepted(client, economyId, ids),
    write: (batch) => write(client, batch),
  }
}

/** Keys are inserted in sorted order, so that two processes with the same keys wait for each other and never deadlock. */
async function claimKeys(client: pg.PoolClient, claims: readonly KeyClaim[]): Promise<Map<string, FoundKey>> {
  const claimed = await client.query<{ scope_id: string; key: string }>({
    name: 'accept_claim_keys',
    text: `INSERT INTO idempotency_record (scope_id, key, tenant_id, fingerprint, transaction_id)
           SELECT scope_id, key, tenant_id, fingerprint, transaction_id
           FROM jsonb_to_recordset($1::jsonb) AS claim(scope_id uuid, key text, tenant_id uuid, fingerprint jsonb, transaction_id uuid)
           ORDER BY scope_id, key
           ON CONFLICT DO NOTHING RETURNING scope_id, key`,
    values: [
      JSON.stringify(
        claims.map((claim) => ({
          scope_id: claim.economyId,
          key: claim.key,
          tenant_id: claim.tenantId,
          fingerprint: claim.fingerprint,
          transaction_id: claim.transactionId,
        })),
      ),
    ],
  })
  if (claimed.rows.length === claims.length) return new Map()
  const mine = new Set(claimed.rows.map((row) => refKey(row.scope_id, row.key)))
  const known = claims.filter((claim) => !mine.has(refKey(claim.economyId, claim.key)))
  const found = await client.query<FoundKeyRow>({
    name: 'accept_find_keys',
    text: `SELECT scope_id, key, fingerprint, transaction_id, response FROM idempotency_record
           WHERE (scope_id, key) IN (SELECT * FROM unnest($1::uuid[], $2::text[]))`,
    values: [known.map((claim) => claim.economyId), known.map((claim) => claim.key)],
  })
  return new Map(found.rows.map((row) => [refKey(row.scope_id, row.key), toFoundKey(row)]))
}

interface FoundKeyRow {
  scope_id: string
  key: string
  fingerprint: FoundKey['fingerprint']
  transaction_id: string | null
  response: { items: StoredResult } | null
}

function toFoundKey(row: FoundKeyRow): FoundKey {
  const single: StoredResult = row.transaction_id ? [{ transactionId: row.transaction_id }] : []
  return { fingerprint: row.fingerprint, result: row.response?.items ?? single }
}

async function readEconomies(
  client: pg.PoolClient,
  economyIds: readonly string[],
): Promise<Map<string, EconomyState>> {
  const { rows } = await client.query<{
    id: string
    tenant_id: string
    status: EconomyState['status']
    config_version: number
    lane_id: string
  }>({
    name: 'accept_read_economies',
    text: 'SELECT id, tenant_id, status, config_version, lane_id FROM economy WHERE id = ANY ($1::uuid[])',
    values: [economyIds],
  })
  return new Map(
    rows.map((row) => [
      row.id,
      { tenantId: row.tenant_id, status: row.status, configVersion: row.config_version, laneId: row.lane_id },
    ]),
  )
}

/** Rows are locked in (economy, id) order, the same as the indexer's, so that no two batches deadlock. */
async function lockParties(
  client: pg.PoolClient,
  refs: readonly PartyRef[],
): Promise<Map<string, LockedParty>> {
  if (refs.length === 0) return new Map()
  const { rows } = await client.query<{
    economy_id: string
    id: string
    settled: string
    held: string
    type: LockedParty['type']
    status: LockedParty['status']
    is_verified: boolean
    is_managed: boolean
    metadata: LockedParty['metadata']
    created_at: Date
  }>({
    name: 'accept_lock_parties',
    text: `SELECT account.economy_id, account.id, account.settled, account.held, party.type, party.status, party.is_verified,
                  wallet.custody = 'managed' AS is_managed, party.metadata, party.created_at
           FROM (SELECT * FROM unnest($1::uuid[], $2::uuid[]) AS ref(economy_id, id) ORDER BY economy_id, id) AS ref
           CROSS JOIN LATERAL (SELECT economy_id, id, settled, held FROM account
                               WHERE economy_id = ref.economy_id AND id = ref.id OFFSET 0 FOR NO KEY UPDATE) AS account
           CROSS JOIN LATERAL (SELECT type, status, is_verified, metadata, created_at FROM economy_user
                               WHERE economy_id = ref.economy_id AND id = ref.id OFFSET 0) AS party
           CROSS JOIN LATERAL (SELECT custody FROM wallet
                               WHERE economy_id = ref.economy_id AND user_id = ref.id OFFSET 0) AS wallet`,
    values: [columnOf(refs.map((ref) => ref.economyId)), columnOf(refs.map((ref) => ref.userId))],
  })
  return new Map(
    rows.map((row) => [
      refKey(row.economy_id, row.id),
      {
        id: row.id,
        settled: BigInt(row.settled),
        held: BigInt(row.held),
        type: row.type,
        status: row.status,
        isVerified: row.is_verified,
        isManaged: row.is_managed,
        metadata: row.metadata,
        createdAt: row.created_at,
      },
    ]),
  )
}

async function readActivity(
  client: pg.PoolClient,
  subjects: readonly ActivitySubject[],
  now: Date,
): Promise<Map<string, ActivityWindows>> {
  const { rows } = await client.query<Record<string, string>>({
    name: 'accept_read_activity',
    text: `SELECT economy_id, subject_id,
                  coalesce(sum(count) FILTER (WHERE hour >= date_trunc('hour', $3::timestamptz)), 0) AS hour_count,
                  coalesce(sum(amount) FILTER (WHERE hour >= date_trunc('hour', $3::timestamptz)), 0) AS hour_sum,
                  coalesce(sum(count) FILTER (WHERE hour > $3::timestamptz - interval '24 hours'), 0) AS day_count,
                  coalesce(sum(amount) FILTER (WHERE hour > $3::timestamptz - interval '24 hours'), 0) AS day_sum,
                  sum(count) AS month_count, sum(amount) AS month_sum
           FROM activity
           WHERE (economy_id, subject_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))
             AND hour > $3::timestamptz - interval '30 days'
           GROUP BY economy_id, subject_id`,
    values: [subjects.map((subject) => subject.economyId), subjects.map((subject) => subject.subjectId), now],
  })
  const totals = (row: Record<string, string>, window: string) => ({
    count: Number(row[`${window}_count`]),
    sum: BigInt(row[`${window}_sum`] ?? 0),
  })
  return new Map(
    rows.map((row) => [
      refKey(row.economy_id ?? '', row.subject_id ?? ''),
      { hour: totals(row, 'hour'), day: totals(row, 'day'), month: totals(row, 'month') },
    ]),
  )
}

/** What acceptance fixed, read back for a replay. */
async function findAccepted(
  client: pg.PoolClient,
  economyId: string,
  ids: readonly string[],
): Promise<Map<string, AcceptedTransaction>> {
  const { rows } = await client.query<AcceptedRow>({
    name: 'accept_find_accepted',
    text: `SELECT t.id, t.tenant_id, t.economy_id, t.type_id, t.from_user_id, t.to_user_id, t.amount, t.commission, t.currency,
                  t.amount_fiat, t.price, t.metadata, t.airdrop_id, t.config_version, t.rules, t.created_at,
                  (SELECT jsonb_agg(jsonb_build_object('kind', x.kind, 'from', x.from_account_id, 'to', x.to_account_id,
                                                       'amount', x.amount::text) ORDER BY x.position)
                   FROM transfer x WHERE x.economy_id = t.economy_id AND x.transaction_id = t.id) AS transfers
           FROM transaction t WHERE t.economy_id = $1 AND t.id = ANY ($2::uuid[])`,
    values: [economyId, ids],
  })
  return new Map(rows.map((row) => [row.id, toAccepted(row)]))
}

/** Everything the batch decided, in one statement and one round trip. */
async function write(client: pg.PoolClient, batch: AcceptedBatch): Promise<void> {
  await client.query({
    name: 'accept_write',
    text: `
      WITH item AS (
        SELECT * FROM jsonb_to_recordset($1::jsonb) AS item(
          economy_id uuid, id uuid, tenant_id uuid, type_id uuid, from_user_id uuid, to_user_id uuid, amount numeric, commission numeric,
          currency text, amount_fiat numeric, price numeric, metadata jsonb, airdrop_id uuid, config_version int, rules jsonb,
          transfers jsonb, event_id uuid)
      ), new_transaction AS (
        INSERT INTO transaction (economy_id, id, tenant_id, type_id, from_user_id, to_user_id, amount, commission, currency, amount_fiat,
                                 price, metadata, airdrop_id, config_version, rules, created_at)
        SELECT economy_id, id, tenant_id, type_id, from_user_id, to_user_id, amount, commission, currency, amount_fiat,
               price, metadata, airdrop_id, config_version, rules, $2::timestamptz
        FROM item
      ), new_transfer AS (
        INSERT INTO transfer (economy_id, transaction_id, position, tenant_id, kind, from_account_id, to_account_id, amount)
        SELECT item.economy_id, item.id, leg.position - 1, item.tenant_id, leg.value->>'kind', (leg.value->>'from')::uuid,
               (leg.value->>'to')::uuid, (leg.value->>'amount')::numeric
        FROM item CROSS JOIN LATERAL jsonb_array_elements(item.transfers) WITH ORDINALITY AS leg(value, position)
      ), new_label AS (
        INSERT INTO transaction_label (economy_id, label, transaction_id, tenant_id)
        SELECT item.economy_id, label.key || '=' || label.value, item.id, item.tenant_id
        FROM item CROSS JOIN LATERAL jsonb_each_text(item.metadata) AS label
        ON CONFLICT DO NOTHING
      ), new_hold AS (
        INSERT INTO hold (economy_id, transaction_id, tenant_id, account_id, amount, created_at)
        SELECT economy_id, id, tenant_id, from_user_id, amount + commission, $2::timestamptz FROM item
      ), new_event AS (
        INSERT INTO outbox_event (id, tenant_id, economy_id, topic, subject_id, created_at)
        SELECT event_id, tenant_id, economy_id, 'transaction.queued', id, $2::timestamptz FROM item
      ), reserved AS (
        UPDATE account SET held = account.held + change.held, pending_in = account.pending_in + change.pending_in, updated_at = $2::timestamptz
        FROM jsonb_to_recordset($3::jsonb) AS change(economy_id uuid, id uuid, held numeric, pending_in numeric)
        ${foundByKey('account', { economy_id: 'change.economy_id', id: 'change.id' })}
        WHERE account.ctid = found.place
      ), counted AS (
        INSERT INTO activity (economy_id, subject_id, hour, tenant_id, count, amount)
        SELECT economy_id, subject_id, date_trunc('hour', $2::timestamptz), tenant_id, count(*), sum(total)
        FROM (SELECT economy_id, tenant_id, unnest(ARRAY[from_user_id, type_id]) AS subject_id, amount + commission AS total FROM item) AS part
        GROUP BY economy_id, subject_id, tenant_id ORDER BY economy_id, subject_id
        ON CONFLICT (economy_id, subject_id, hour)
        DO UPDATE SET count = activity.count + excluded.count, amount = activity.amount + excluded.amount
      )
      UPDATE idempotency_record SET transaction_id = NULL, response = jsonb_build_object('items', answer.result)
      FROM jsonb_to_recordset($4::jsonb) AS answer(scope_id uuid, key text, result jsonb)
      ${foundByKey('idempotency_record', { scope_id: 'answer.scope_id', key: 'answer.key' })}
      WHERE idempotency_record.ctid = found.place`,
    values: [
      JSON.stringify(batch.transactions.map(toItem)),
      batch.now,
      JSON.stringify(
        [...batch.reservations].map(([ref, { held, pendingIn }]) => {
          const [economy_id, id] = ref.split('/')
          return { economy_id, id, held: held.toString(), pending_in: pendingIn.toString() }
        }),
      ),
      JSON.stringify(
        batch.results.map(({ economyId, key, result }) => ({ scope_id: economyId, key, result })),
      ),
    ],
  })
}

function toItem(transaction: AcceptedTransaction) {
  return {
    economy_id: transaction.economyId,
    id: transaction.id,
    tenant_id: transaction.tenantId,
    type_id: transaction.typeId,
    from_user_id: transaction.fromUserId,
    to_user_id: transaction.toUserId,
    amount: transaction.amount.toString(),
    commission: transaction.commission.toString(),
    currency: transaction.currency,
    amount_fiat: transaction.amountFiat,
    price: transaction.price,
    metadata: transaction.metadata,
    airdrop_id: transaction.airdropId,
    config_version: transaction.configVersion,
    rules: transaction.rules,
    // The queued event is the transaction's first and only one of its kind, so it can share the transaction's id.
    event_id: transaction.id,
    transfers: transaction.transfers.map((leg) => ({
      kind: leg.kind,
      from: leg.fromAccountId,
      to: leg.toAccountId,
      amount: leg.amount.toString(),
    })),
  }
}
