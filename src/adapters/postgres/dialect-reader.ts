import { AIRDROP_TYPE_NAME } from '#core/dialect/airdrop-type.ts'
import type {
  CoinTransfer,
  DialectAirdrop,
  DialectReader,
  DialectTransaction,
  DialectUser,
  Listed,
  NumberedPage,
  NumberedType,
  Owner,
} from '#core/dialect/dialect-reader.ts'
import type { Database } from './database.ts'
import { type TransactionTypeRow, toTransactionType } from './transaction-type-row.ts'

type Reading = Pick<Database, 'read'>

/** What OST's dialects of 2018 list, by plain SQL; a filter that is not given is null. */
export function createDialectReader(database: Reading): DialectReader {
  return {
    users: (owner, { ids, isAirdropped }, page) =>
      list(
        database,
        owner,
        {
          name: 'dialect_users',
          text: USERS,
          orders: { created: 'u.id', name: 'u.name_search' },
          tie: 'u.id',
        },
        [ids ?? null, isAirdropped ?? null],
        page,
        toUser,
      ),

    async userIds(owner, { ids, isAirdropped }, limit) {
      const rows = await database.read<{ id: string }>(
        owner.tenantId,
        'dialect_user_ids',
        `SELECT u.id FROM economy_user u WHERE ${USER_MATCHES} ORDER BY u.id LIMIT $4`,
        [owner.economyId, ids, isAirdropped ?? null, limit],
      )
      return rows.map(({ id }) => id)
    },

    types: (owner, filter, page) =>
      list(
        database,
        owner,
        {
          name: 'dialect_types',
          text: TYPES,
          orders: { created: 't.number', name: 'lower(t.name)' },
          tie: 't.number',
        },
        [
          filter.numbers ?? null,
          filter.names?.map((name) => name.toLowerCase()) ?? null,
          filter.kinds ?? null,
          filter.currencies ?? null,
          filter.isAmountArbitrary ?? null,
          filter.isCommissionArbitrary ?? null,
        ],
        page,
        ({ number, ...row }: TypeRow): NumberedType => ({ number, type: toTransactionType(row) }),
      ),

    async hasTypeNamed({ tenantId, economyId }, name, exceptId) {
      const rows = await database.read(
        tenantId,
        'dialect_has_type_named',
        'SELECT FROM transaction_type WHERE economy_id = $1 AND lower(name) = lower($2) AND id IS DISTINCT FROM $3::uuid LIMIT 1',
        [economyId, name, exceptId],
      )
      return rows.length > 0
    },

    transactions: (owner, { ids, userId, statuses }, page) =>
      list(
        database,
        owner,
        userId === undefined
          ? { name: 'dialect_transactions', text: transactionsIn('t.economy_id = $1'), ...BY_ID }
          : { name: 'dialect_ledger', text: transactionsIn(OF_USER), ...BY_ID },
        [ids ?? null, statuses ?? null, ...(userId === undefined ? [] : [userId])],
        page,
        toTransaction,
      ),

    transfers: (owner, { ids }, page) =>
      list(
        database,
        owner,
        {
          name: 'dialect_transfers',
          text: TRANSFERS,
          orders: { created: 's.id', name: 's.id' },
          tie: 's.id',
        },
        [ids ?? null],
        page,
        toTransfer,
      ),

    async coinsSent({ tenantId, economyId }, since) {
      const [row] = await database.read<{ wei: string }>(
        tenantId,
        'dialect_coins_sent',
        `SELECT coalesce(sum(value), 0) AS wei FROM chain_submission WHERE economy_id = $1 AND ${COINS_SENT_SINCE}`,
        [economyId, since],
      )
      return BigInt(row?.wei ?? 0)
    },

    airdrops: (owner, { ids, states }, page) =>
      list(
        database,
        owner,
        { name: 'dialect_airdrops', text: AIRDROPS, orders: { created: 'a.id', name: 'a.id' }, tie: 'a.id' },
        [ids ?? null, states ?? null],
        page,
        (row: DialectAirdropRow): DialectAirdrop => ({
          id: row.id,
          status: row.status,
          isSettled: row.is_settled,
        }),
      ),
  }
}

interface Query {
  name: string
  text: string
  orders: Record<NumberedPage['orderBy'], string>
  /** Orders what is equal otherwise. */
  tie: string
}

/** `text` has the economy as $1 and the filters behind it. */
async function list<Row extends object, Item>(
  database: Reading,
  { tenantId, economyId }: Owner,
  { name, text, orders, tie }: Query,
  filters: unknown[],
  { number, limit, orderBy, order }: NumberedPage,
  toItem: (row: Row) => Item,
): Promise<Listed<Item>> {
  const values = [economyId, ...filters]
  const direction = order === 'asc' ? 'ASC' : 'DESC'
  const rows = await database.read<Row & Record<string, unknown>>(
    tenantId,
    `${name}_${orderBy}_${order}`,
    `${text} ORDER BY ${orders[orderBy]} ${direction}, ${tie} ${direction}
     LIMIT $${values.length + 1} OFFSET $${values.length + 2}`,
    [...values, limit + 1, (number - 1) * limit],
  )
  return { rows: rows.slice(0, limit).map((row) => toItem(row)), hasMore: rows.length > limit }
}

const USER_MATCHES = `u.economy_id = $1 AND u.type = 'user' AND u.status = 'active'
  AND ($2::uuid[] IS NULL OR u.id = ANY ($2))
  AND ($3::boolean IS NULL OR $3 = EXISTS (
    SELECT FROM transaction t
    WHERE t.economy_id = u.economy_id AND t.to_user_id = u.id AND t.airdrop_id IS NOT NULL AND t.status <> 'failed'))`

const USERS = `
SELECT u.id, u.name, e.chain_id, w.address, airdropped_balance(u.economy_id, u.id) AS airdropped
FROM economy_user u
JOIN economy e ON e.id = u.economy_id
JOIN wallet w ON w.economy_id = u.economy_id AND w.user_id = u.id
WHERE ${USER_MATCHES}`

interface UserRow {
  id: string
  name: string | null
  chain_id: string
  address: string
  airdropped: string
}

function toUser(row: UserRow): DialectUser {
  const { id, name, address } = row
  return { id, name, address, chainId: Number(row.chain_id), airdropped: BigInt(row.airdropped) }
}

type TypeRow = TransactionTypeRow & { number: number }

const TYPES = `
SELECT t.number, t.economy_id AS "economyId", t.id, t.tenant_id AS "tenantId", t.name, t.kind, t.currency,
       t.allows_arbitrary_amount AS "allowsArbitraryAmount", t.amount_units::text AS "amountUnits", t.amount_fiat::text AS "amountFiat",
       t.allows_arbitrary_commission AS "allowsArbitraryCommission", t.commission_bps AS "commissionBps",
       t.commission_units::text AS "commissionUnits", t.commission_fiat::text AS "commissionFiat", t.status, t.metadata,
       t.created_at AS "createdAt", t.updated_at AS "updatedAt"
FROM transaction_type t
WHERE t.economy_id = $1 AND t.status = 'active' AND t.name <> '${AIRDROP_TYPE_NAME}'
  AND ($2::integer[] IS NULL OR t.number = ANY ($2))
  AND ($3::text[] IS NULL OR lower(t.name) = ANY ($3))
  AND ($4::text[] IS NULL OR t.kind = ANY ($4))
  AND ($5::text[] IS NULL OR t.currency = ANY ($5))
  AND ($6::boolean IS NULL OR t.allows_arbitrary_amount = $6)
  AND ($7::boolean IS NULL OR CASE WHEN $7 THEN t.allows_arbitrary_commission OR t.kind <> 'user_to_user'
                                   ELSE t.commission_bps > 0 END)`

const BY_ID = { orders: { created: 't.id', name: 't.id' }, tie: 't.id' }

/** Either side by its own index. */
const OF_USER = `t.economy_id = $1 AND t.id IN (
    SELECT id FROM transaction WHERE economy_id = $1 AND from_user_id = $4
    UNION ALL SELECT id FROM transaction WHERE economy_id = $1 AND to_user_id = $4)`

/** A batch's gas and cost are shared evenly by its payments, rounded up. */
function transactionsIn(condition: string): string {
  return `
SELECT t.id, t.from_user_id, t.to_user_id, y.number, t.status, t.created_at, t.amount, t.commission, t.tx_hash, t.block_number,
       least(t.amount + t.commission, airdropped_balance(t.economy_id, t.from_user_id, t.id)) AS airdropped,
       ceil(s.gas_used::numeric / nullif(s.payments, 0)) AS gas_used,
       ceil(s.gas_used * s.effective_gas_price / nullif(s.payments, 0)) AS fee_wei, s.effective_gas_price
FROM transaction_state t
JOIN transaction_type y ON y.economy_id = t.economy_id AND y.id = t.type_id
LEFT JOIN chain_submission s ON s.id = t.submission_id
WHERE ${condition} AND t.airdrop_id IS NULL
  AND ($2::uuid[] IS NULL OR t.id = ANY ($2))
  AND ($3::text[] IS NULL OR t.status = ANY ($3))`
}

interface TransactionRow {
  id: string
  from_user_id: string
  to_user_id: string
  number: number
  status: DialectTransaction['status']
  created_at: Date
  amount: string
  commission: string
  airdropped: string
  tx_hash: string | null
  block_number: string | null
  gas_used: string | null
  fee_wei: string | null
  effective_gas_price: string | null
}

function toTransaction(row: TransactionRow): DialectTransaction {
  const bigint = (text: string | null) => (text === null ? null : BigInt(text))
  return {
    id: row.id,
    fromUserId: row.from_user_id,
    toUserId: row.to_user_id,
    typeNumber: row.number,
    status: row.status,
    createdAt: row.created_at,
    amount: BigInt(row.amount),
    commission: BigInt(row.commission),
    airdropped: BigInt(row.airdropped),
    txHash: row.tx_hash,
    blockNumber: bigint(row.block_number),
    gasUsed: bigint(row.gas_used),
    feeWei: bigint(row.fee_wei),
    gasPriceWei: bigint(row.effective_gas_price),
  }
}

/** What counts against an economy's budget of coins since $2. */
const COINS_SENT_SINCE = `kind = 'coin_transfer' AND created_at >= $2 AND status NOT IN ('refused', 'reverted', 'replaced')`

/** A transfer that was queued again has a row for each time, and the id of the first; the last one stands for it. */
const TRANSFERS = `
SELECT coalesce(s.origin_id, s.id) AS id, s.chain_id, l.address AS from_address, s.to_address, s.value, s.status, s.created_at,
       coalesce(s.tx_hash, (SELECT a.tx_hash FROM submission_attempt a WHERE a.submission_id = s.id ORDER BY a.attempt DESC LIMIT 1))
         AS tx_hash,
       s.block_number, s.gas_used, s.effective_gas_price
FROM chain_submission s JOIN lane l ON l.id = s.lane_id
WHERE s.economy_id = $1 AND s.kind = 'coin_transfer' AND s.status <> 'replaced'
  AND ($2::uuid[] IS NULL OR coalesce(s.origin_id, s.id) = ANY ($2))`

interface TransferRow {
  id: string
  chain_id: string
  from_address: string
  to_address: string
  value: string
  status: CoinTransfer['status']
  created_at: Date
  tx_hash: string | null
  block_number: string | null
  gas_used: string | null
  effective_gas_price: string | null
}

function toTransfer(row: TransferRow): CoinTransfer {
  const bigint = (text: string | null) => (text === null ? null : BigInt(text))
  return {
    id: row.id,
    chainId: Number(row.chain_id),
    fromAddress: row.from_address,
    toAddress: row.to_address,
    amountWei: BigInt(row.value),
    status: row.status,
    createdAt: row.created_at,
    txHash: row.tx_hash,
    blockNumber: bigint(row.block_number),
    gasUsed: bigint(row.gas_used),
    gasPriceWei: bigint(row.effective_gas_price),
  }
}

interface DialectAirdropRow {
  id: string
  status: DialectAirdrop['status']
  is_settled: boolean
}

const AIRDROPS = `
SELECT a.id, a.status, a.is_settled
FROM (SELECT x.id, x.economy_id, x.status,
             NOT EXISTS (SELECT FROM transaction_state t WHERE t.economy_id = x.economy_id AND t.airdrop_id = x.id
                           AND t.status IN ('queued', 'submitted')) AS is_settled
      FROM airdrop x WHERE x.economy_id = $1) a
WHERE ($2::uuid[] IS NULL OR a.id = ANY ($2))
  AND ($3::text[] IS NULL
       OR CASE WHEN a.status = 'failed' THEN 'failed' WHEN a.status = 'queued' THEN 'incomplete'
               WHEN a.status = 'completed' AND a.is_settled THEN 'complete' ELSE 'processing' END = ANY ($3))`
