import type { StoredResult } from '#core/transaction/accept-transactions.ts'
import {
  type AcceptanceStore,
  type AcceptanceTx,
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
import { writeAttachments } from './attachment-rows.ts'
import { type Database, type Ends, HAS_BEGUN, type Statements } from './database.ts'
import { columnOf, jsonColumnOf, kindsOf, sparseColumnOf, textColumnOf } from './columns.ts'
import { readEconomyConfig } from './economy-config.ts'
import { activityOf, hourOf } from './activity.ts'
import { type WalletPlaces, writeBatch } from './write-batch.ts'

/** The acceptor's side of Postgres: a handful of set-based statements and two round trips per batch, whatever its size. */
export function createAcceptanceStore(
  database: Pick<Database, 'rawByKeysAtOnce'>,
  compiler: RuleCompiler,
): AcceptanceStore {
  return {
    transaction: (tenantIds, work, onSent) =>
      database.rawByKeysAtOnce(
        tenantIds,
        (client, ends) => work(createAcceptanceTx(client, compiler, ends)),
        onSent,
      ),
  }
}

function createAcceptanceTx(client: Statements, compiler: RuleCompiler, ends: Ends): AcceptanceTx {
  const places: WalletPlaces = new Map()
  let written: Promise<void> | undefined
  return {
    async readEconomies(economyIds) {
      const [economies] = await Promise.all([readEconomies(client, economyIds), ends.begun])
      return economies
    },
    claimKeys: (claims) => claimKeys(client, claims),
    loadConfig: (economyId) => readEconomyConfig(client, economyId, compiler),
    lockParties: (refs) => lockParties(client, refs, places),
    readActivity: (subjects, now) => readActivity(client, subjects, now),
    findAccepted: (economyId, ids) => findAccepted(client, economyId, ids),
    write(batch) {
      written = writeBatch(client, batch, places)
      ends.beforeCommit(written)
    },
    async attach(attachments, now) {
      await written
      await writeAttachments(client, attachments, now)
    },
  }
}

/**
 * Keys are inserted in sorted order, so that two processes with the same keys wait for each other and never deadlock. Sent before the
 * transaction is known to have begun, which must not matter: a key that stood without its transaction would refuse it for ever.
 */
async function claimKeys(client: Statements, claims: readonly KeyClaim[]): Promise<Map<string, FoundKey>> {
  const economies = kindsOf(claims, (claim) => claim.economyId)
  const claimed = await client.query({
    name: 'accept_claim_keys',
    text: `INSERT INTO idempotency_record (scope_id, key, tenant_id, fingerprint, transaction_id)
           SELECT ($1::uuid[])[kind], key, ($2::uuid[])[kind], fingerprint, transaction_id
           FROM unnest($3::int[], $4::text[], $5::jsonb[], $6::uuid[]) AS claim(kind, key, fingerprint, transaction_id)
           WHERE ${HAS_BEGUN}
           ORDER BY 1, 2
           ON CONFLICT DO NOTHING`,
    values: [
      columnOf(economies.kinds.map((claim) => claim.economyId)),
      columnOf(economies.kinds.map((claim) => claim.tenantId)),
      economies.places,
      textColumnOf(claims.map((claim) => claim.key)),
      jsonColumnOf(claims.map((claim) => claim.fingerprint)),
      sparseColumnOf(claims.map((claim) => claim.transactionId)),
    ],
  })
  if (claimed.rowCount === claims.length) return new Map()
  // A record of an earlier request has its transaction, or its response; one just claimed has what it was claimed with.
  const found = await client.query<FoundKeyRow>({
    name: 'accept_find_keys',
    text: `SELECT record.scope_id, record.key, record.fingerprint, record.transaction_id, record.response
           FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS claim(scope_id, key, transaction_id)
           JOIN idempotency_record AS record ON record.scope_id = claim.scope_id AND record.key = claim.key
           WHERE record.response IS NOT NULL OR record.transaction_id IS DISTINCT FROM claim.transaction_id`,
    values: [
      claims.map((claim) => claim.economyId),
      claims.map((claim) => claim.key),
      claims.map((claim) => claim.transactionId),
    ],
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
  client: Statements,
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

/**
 * Wallets are locked in (economy, id) order, so that no two batches deadlock. Accounts are read as they were when the statement began:
 * the indexer, which writes them, only ever moves `settled` to `released` for what was reserved, and adds what has come in. Read a
 * moment late, a balance lacks money that has just arrived; it never shows money that is gone (docs/adr/0021-two-writers-two-rows.md).
 * @param places learns where the wallets are.
 */
async function lockParties(
  client: Statements,
  refs: readonly PartyRef[],
  places: WalletPlaces,
): Promise<Map<string, LockedParty>> {
  if (refs.length === 0) return new Map()
  const economies = kindsOf(refs, (ref) => ref.economyId)
  const { rows } = await client.query<{
    economy_id: string
    id: string
    place: string
    settled: string
    held: string
    type: LockedParty['type']
    status: LockedParty['status']
    is_verified: boolean
    is_managed: boolean
    metadata: LockedParty['metadata']
    created_ms: number
  }>({
    name: 'accept_lock_parties',
    text: `SELECT ref.economy_id, ref.id, wallet.place, account.settled, wallet.reserved - account.released AS held, party.type, party.status,
                  party.is_verified, wallet.custody = 'managed' AS is_managed, party.metadata,
                  (extract(epoch FROM party.created_at) * 1000)::float8 AS created_ms
           FROM (SELECT ($1::uuid[])[kind] AS economy_id, id
                 FROM unnest($2::int[], $3::uuid[]) AS ref(kind, id) ORDER BY 1, 2) AS ref
           CROSS JOIN LATERAL (SELECT ctid AS place, reserved, custody FROM wallet
                               WHERE economy_id = ref.economy_id AND user_id = ref.id OFFSET 0 FOR NO KEY UPDATE) AS wallet
           CROSS JOIN LATERAL (SELECT settled, released FROM account
                               WHERE economy_id = ref.economy_id AND id = ref.id OFFSET 0) AS account
           CROSS JOIN LATERAL (SELECT type, status, is_verified, metadata, created_at FROM economy_user
                               WHERE economy_id = ref.economy_id AND id = ref.id OFFSET 0) AS party`,
    values: [
      columnOf(economies.kinds.map((ref) => ref.economyId)),
      economies.places,
      columnOf(refs.map((ref) => ref.userId)),
    ],
  })
  const parties = new Map<string, LockedParty>()
  for (const row of rows) {
    const key = refKey(row.economy_id, row.id)
    places.set(key, row.place)
    parties.set(key, {
      id: row.id,
      settled: BigInt(row.settled),
      held: BigInt(row.held),
      type: row.type,
      status: row.status,
      isVerified: row.is_verified,
      isManaged: row.is_managed,
      metadata: row.metadata,
      createdAt: new Date(row.created_ms),
    })
  }
  return parties
}

async function readActivity(
  client: Statements,
  subjects: readonly ActivitySubject[],
  now: Date,
): Promise<Map<string, ActivityWindows>> {
  const { rows } = await client.query<Record<string, string>>({
    name: 'accept_read_activity',
    text: `SELECT economy_id, subject_id,
                  coalesce(sum(count) FILTER (WHERE hour >= $4::timestamptz), 0) AS hour_count,
                  coalesce(sum(amount) FILTER (WHERE hour >= $4::timestamptz), 0) AS hour_sum,
                  coalesce(sum(count) FILTER (WHERE hour > $3::timestamptz - interval '24 hours'), 0) AS day_count,
                  coalesce(sum(amount) FILTER (WHERE hour > $3::timestamptz - interval '24 hours'), 0) AS day_sum,
                  sum(count) AS month_count, sum(amount) AS month_sum
           FROM unnest($1::uuid[], $2::uuid[]) AS s(economy_id, subject_id)
           CROSS JOIN ${activityOf({ economyId: 's.economy_id', subjectId: 's.subject_id', after: `$3::timestamptz - interval '30 days'` })}
           GROUP BY economy_id, subject_id`,
    values: [
      subjects.map((subject) => subject.economyId),
      subjects.map((subject) => subject.subjectId),
      now,
      hourOf(now),
    ],
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
  client: Statements,
  economyId: string,
  ids: readonly string[],
): Promise<Map<string, AcceptedTransaction>> {
  const { rows } = await client.query<AcceptedRow>({
    name: 'accept_find_accepted',
    text: `SELECT t.id, t.tenant_id, t.economy_id, t.type_id, t.from_user_id, t.to_user_id, t.amount, t.commission, t.currency,
                  t.amount_fiat, t.price, t.metadata, t.airdrop_id, t.config_version, t.rules, t.created_at, t.commission_to_id
           FROM transaction t WHERE t.economy_id = $1 AND t.id = ANY ($2::uuid[])`,
    values: [economyId, ids],
  })
  return new Map(rows.map((row) => [row.id, toAccepted(row)]))
}
