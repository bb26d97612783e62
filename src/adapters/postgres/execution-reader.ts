import type { BundleRule, MetaProperty } from '#core/bundle/bundle.ts'
import {
  EXECUTIONS_WINDOW,
  type ExecutedTransaction,
  type Execution,
  type ExecutionFilter,
  type ExecutionReader,
} from '#core/bundle/execution.ts'
import type { Database } from './database.ts'
import { TRANSACTION_COLUMNS, type TransactionRow, toBigInt, toTransaction } from './transaction-row.ts'
import { ID_SLACK_MS, idAt } from './transaction-list.ts'

/** The ids of a user's newest transactions, then of the executions they belong to, those that match, and how many. */
const LIST = `
WITH own AS (
  SELECT id FROM (
    (SELECT t.id FROM transaction t WHERE t.economy_id = $1 AND t.from_user_id = $2 AND t.id >= $7 AND t.id < $8
     ORDER BY t.id DESC LIMIT ${EXECUTIONS_WINDOW})
    UNION ALL
    (SELECT t.id FROM transaction t WHERE t.economy_id = $1 AND t.to_user_id = $2 AND t.id >= $7 AND t.id < $8
     ORDER BY t.id DESC LIMIT ${EXECUTIONS_WINDOW})
  ) AS merged ORDER BY id DESC LIMIT ${EXECUTIONS_WINDOW}
), execution AS (
  SELECT DISTINCT coalesce(m.bundle_id, own.id) AS id, m.bundle_id
  FROM own LEFT JOIN bundle_member m ON m.economy_id = $1 AND m.transaction_id = own.id
), described AS (
  SELECT e.id, whole.status, whole.created_at, coalesce(b.meta_name, whole.name) AS name,
         coalesce(b.meta_type, whole.kind) AS type, coalesce(b.meta_details, whole.details) AS details
  FROM execution e
  LEFT JOIN transaction_bundle b ON b.economy_id = $1 AND b.id = e.bundle_id
  CROSS JOIN LATERAL (
    SELECT CASE WHEN bool_or(t.status = 'queued') THEN 'queued' WHEN bool_or(t.status = 'submitted') THEN 'submitted'
                WHEN bool_or(t.status = 'mined') THEN 'mined' WHEN bool_or(t.status = 'failed') THEN 'failed' ELSE 'confirmed' END AS status,
           min(t.created_at) AS created_at,
           CASE WHEN e.bundle_id IS NULL THEN min(y.name) END AS name, CASE WHEN e.bundle_id IS NULL THEN min(y.kind) END AS kind,
           CASE WHEN e.bundle_id IS NULL THEN min(t.metadata ->> 'details') END AS details
    FROM transaction_state t JOIN transaction_type y ON y.economy_id = t.economy_id AND y.id = t.type_id
    WHERE t.economy_id = $1 AND t.id IN (SELECT m.transaction_id FROM bundle_member m WHERE m.economy_id = $1 AND m.bundle_id = e.bundle_id
                                         UNION ALL SELECT e.id WHERE e.bundle_id IS NULL)
  ) AS whole
)
SELECT d.id, count(*) OVER () AS total FROM described d
WHERE (cardinality($3::text[]) = 0 OR d.status = ANY ($3))
  AND ($4::jsonb = '[]' OR EXISTS (
    SELECT FROM jsonb_to_recordset($4::jsonb) AS wanted(name text, type text, details text)
    WHERE (wanted.name IS NULL OR wanted.name = d.name) AND (wanted.type IS NULL OR wanted.type = d.type)
      AND (wanted.details IS NULL OR wanted.details = d.details)))
  AND ($9::timestamptz IS NULL OR d.created_at >= $9) AND ($10::timestamptz IS NULL OR d.created_at < $10)
ORDER BY d.id DESC OFFSET $5 LIMIT $6`

/** Every transaction of the executions with these ids, which are bundles' or transactions'. */
const READ = `
SELECT ${TRANSACTION_COLUMNS}, wanted.execution_id, b.rule, b.meta_name, b.meta_type, b.meta_details,
       y.name AS type_name, y.kind AS type_kind, l.address AS lane_address, s.nonce, s.gas_used, s.effective_gas_price AS gas_price,
       k.mined_at AS mined_block_at, c.head_number - t.block_number AS confirmations,
       (SELECT jsonb_object_agg(a.id, a.address) FROM account a
        WHERE a.economy_id = t.economy_id AND a.id IN (t.from_user_id, t.to_user_id, t.commission_to_id)) AS addresses
FROM (
  SELECT m.transaction_id, m.bundle_id AS execution_id, m.position FROM bundle_member m WHERE m.economy_id = $1 AND m.bundle_id = ANY ($2::uuid[])
  UNION ALL
  SELECT t.id, t.id, 0 FROM transaction t WHERE t.economy_id = $1 AND t.id = ANY ($2::uuid[])
    AND NOT EXISTS (SELECT FROM bundle_member m WHERE m.economy_id = $1 AND m.transaction_id = t.id)
) AS wanted
JOIN transaction_state t ON t.economy_id = $1 AND t.id = wanted.transaction_id
JOIN transaction_type y ON y.economy_id = $1 AND y.id = t.type_id
LEFT JOIN transaction_bundle b ON b.economy_id = $1 AND b.id = wanted.execution_id
LEFT JOIN chain_submission s ON s.id = t.submission_id
LEFT JOIN lane l ON l.id = s.lane_id
LEFT JOIN chain_block k ON k.chain_id = s.chain_id AND k.number = t.block_number AND k.status = 'canonical'
LEFT JOIN chain_cursor c ON c.chain_id = s.chain_id
ORDER BY wanted.execution_id DESC, wanted.position`

interface ExecutedRow extends TransactionRow {
  execution_id: string
  rule: BundleRule | null
  meta_name: string | null
  meta_type: string | null
  meta_details: string | null
  type_name: string
  type_kind: ExecutedTransaction['typeKind']
  lane_address: string | null
  nonce: string | null
  gas_used: string | null
  gas_price: string | null
  mined_block_at: Date | null
  confirmations: string | null
  addresses: Record<string, string>
}

/** Reads executions: bundles with all their transactions, and transactions of their own. */
export function createExecutionReader(database: Pick<Database, 'read'>): ExecutionReader {
  const read = async (tenantId: string, economyId: string, ids: readonly string[]): Promise<Execution[]> => {
    if (ids.length === 0) return []
    const rows = await database.read<ExecutedRow>(tenantId, 'execution_read', READ, [economyId, ids])
    const byId = Map.groupBy(rows, (row) => row.execution_id)
    return ids.flatMap((id) => {
      const [first, ...others] = byId.get(id) ?? []
      return first ? [toExecution(economyId, first, others)] : []
    })
  }
  return {
    async holders({ tenantId, economyId }, addresses) {
      const rows = await database.read<{ address: string; user_id: string }>(
        tenantId,
        'execution_holders',
        'SELECT address, user_id FROM wallet WHERE economy_id = $1 AND address = ANY ($2::text[])',
        [economyId, addresses],
      )
      return new Map(rows.map((row) => [row.address, row.user_id]))
    },

    async ofTransactions({ tenantId, economyId }, transactionIds) {
      const rows = await database.read<{ id: string }>(
        tenantId,
        'execution_of_transactions',
        `SELECT DISTINCT coalesce(m.bundle_id, t.id) AS id FROM unnest($2::uuid[]) AS t(id)
         LEFT JOIN bundle_member m ON m.economy_id = $1 AND m.transaction_id = t.id`,
        [economyId, transactionIds],
      )
      return read(
        tenantId,
        economyId,
        rows.map((row) => row.id),
      )
    },

    async get({ tenantId, economyId, userId }, id) {
      const [execution] = await read(tenantId, economyId, [id])
      if (!execution || userId === undefined) return execution ?? null
      return execution.addresses.has(userId) ? execution : null
    },

    async list({ tenantId, economyId, userId }, filter, { from, limit }) {
      const rows = await database.read<{ id: string; total: string }>(tenantId, 'execution_list', LIST, [
        economyId,
        userId,
        filter.statuses,
        JSON.stringify(filter.metas),
        from,
        limit,
        ...boundsOf(filter),
      ])
      const ids = rows.map((row) => row.id)
      return {
        executions: await read(tenantId, economyId, ids),
        total: Number(rows[0]?.total ?? (await countBefore(database, tenantId, filter, economyId, userId))),
      }
    },
  }
}

/** Past the last page there is no row that could tell the total. */
async function countBefore(
  database: Pick<Database, 'read'>,
  tenantId: string,
  filter: ExecutionFilter,
  economyId: string,
  userId: string,
): Promise<number> {
  const values = [economyId, userId, filter.statuses, JSON.stringify(filter.metas), 0, 1, ...boundsOf(filter)]
  const [row] = await database.read<{ total: string }>(tenantId, 'execution_list', LIST, values)
  return Number(row?.total ?? 0)
}

/** Ids begin with the millisecond of their making, so the index of ids serves times too. */
function boundsOf({ createdFrom, createdBefore }: ExecutionFilter): unknown[] {
  return [
    createdFrom ? idAt(createdFrom, -ID_SLACK_MS) : '00000000-0000-0000-0000-000000000000',
    createdBefore ? idAt(createdBefore, ID_SLACK_MS) : 'ffffffff-ffff-ffff-ffff-ffffffffffff',
    createdFrom ?? null,
    createdBefore ?? null,
  ]
}

function toExecution(economyId: string, first: ExecutedRow, others: readonly ExecutedRow[]): Execution {
  const rows = [first, ...others]
  return {
    id: first.execution_id,
    economyId,
    rule: first.rule,
    meta: first.rule === null ? metaOfTransaction(first) : metaOfBundle(first),
    transactions: rows.map(toExecuted),
    addresses: new Map(rows.flatMap((row) => Object.entries(row.addresses))),
    createdAt: first.created_at,
  }
}

/** What a transaction of its own is: its type says it. */
function metaOfTransaction({ type_name: name, type_kind: type, metadata }: ExecutedRow): MetaProperty {
  const { details } = metadata
  return { name, type, ...(typeof details === 'string' && { details }) }
}

function metaOfBundle({
  meta_name: name,
  meta_type: type,
  meta_details: details,
}: ExecutedRow): MetaProperty {
  return {
    ...(name !== null && { name }),
    ...(type !== null && { type }),
    ...(details !== null && { details }),
  }
}

function toExecuted(row: ExecutedRow): ExecutedTransaction {
  return {
    ...toTransaction(row),
    typeName: row.type_name,
    typeKind: row.type_kind,
    laneAddress: row.lane_address,
    nonce: toBigInt(row.nonce),
    gasUsed: toBigInt(row.gas_used),
    gasPrice: toBigInt(row.gas_price),
    minedBlockAt: row.mined_block_at,
    confirmations: row.confirmations === null ? null : Number(row.confirmations),
  }
}
