import type pg from 'pg'
import {
  ACCOUNTS,
  type BackingAccount,
  type BackingPosting,
  type Book,
} from '#core/gateway/backing-accounts.ts'
import type { BackingDesk, BackingInWork, BookInWork, BookPositions } from '#core/gateway/post-backing.ts'
import type { BlockPosition } from '#core/ledger/chain-store.ts'
import { SELECT_SEEN, type SeenBackingRow, toSeenBacking } from './backing-row.ts'
import { columnOf } from './columns.ts'
import type { Database } from './database.ts'
import { finalBlock } from './gateway-chains.ts'
import { asInconsistency } from './ledger-rows.ts'

/** The backings' books in Postgres, with the worker's role. */
export function createBackingDesk(database: Pick<Database, 'pool' | 'raw'>): BackingDesk {
  return {
    async find(economyId) {
      const { rows } = await database.pool.query<WorkRow>(FIND, [economyId])
      const [row] = rows
      return row ? toWork(row) : null
    },

    async holdings(economyId, seen, messageHashes) {
      if (messageHashes.length === 0) return new Map()
      const { rows } = await database.pool.query<HoldingRow>(HOLDINGS, [
        economyId,
        ...hashesOf(seen),
        messageHashes,
      ])
      if (rows.length === 0) return null
      return new Map(
        rows.flatMap(({ message_hash, ...sums }) =>
          message_hash === null ? [] : [[message_hash, toHoldings(sums)] as const],
        ),
      )
    },

    async snapshot(economyId) {
      const { rows } = await database.pool.query<SnapshotRow>(SNAPSHOT, [economyId])
      const [row] = rows
      if (!row) return null
      const accounts = row.accounts.map(({ name, balance, entries }) => ({
        name,
        balance: BigInt(balance),
        entries: BigInt(entries),
      }))
      return { ...toSeenBacking(row), accounts }
    },

    post: async (work, seen, { postings, positions, at }) =>
      asInconsistency(
        database.raw([], async (client) => {
          if (!(await lockAt(client, work, seen))) return false
          if (postings.length > 0) await write(client, work, POST, columnsOf(postings))
          await client.query(
            `UPDATE backing SET value_block = $2, value_block_hash = $3, utility_block = $4, utility_block_hash = $5, seen_at = $6
             WHERE economy_id = $1`,
            [work.economyId, ...placeOf(positions.value), ...placeOf(positions.utility), at],
          )
          return true
        }),
      ),

    reverse: async (work, seen, book) =>
      asInconsistency(
        database.raw([], async (client) => {
          if (!(await lockAt(client, work, seen))) return false
          const ancestor = await ancestorOf(client, work.books[book].chainId, seen[book])
          await write(client, work, REVERSE, [ACCOUNTS[book], ancestor?.number ?? null])
          await client.query(
            `UPDATE backing SET ${book}_block = $2, ${book}_block_hash = $3 WHERE economy_id = $1`,
            [work.economyId, ...placeOf(ancestor)],
          )
          return true
        }),
      ),
  }
}

const FIND = `
SELECT b.economy_id, b.tenant_id, b.terms_id, b.value_chain_id::text, b.gateway, b.utility_chain_id::text, b.co_gateway,
       b.value_block::text AS value_position, b.value_block_hash AS value_position_hash,
       b.utility_block::text AS utility_position, b.utility_block_hash AS utility_position_hash,
       value.final_number::text AS value_final, value.hash AS value_final_hash, ${orphaned('value')},
       utility.final_number::text AS utility_final, utility.hash AS utility_final_hash, ${orphaned('utility')}
FROM backing b
${finalBlock('value', 'b.value_chain_id')}
${finalBlock('utility', 'b.utility_chain_id')}
WHERE b.economy_id = $1`

/** One statement, so one moment. */
const SNAPSHOT = `
SELECT seen.*, coalesce(accounts.list, '[]') AS accounts FROM (${SELECT_SEEN} WHERE b.economy_id = $1) seen
CROSS JOIN LATERAL (
  SELECT jsonb_agg(jsonb_build_object('name', a.name, 'balance', a.balance::text, 'entries', sums.entries::text)) AS list
  FROM backing_account a
  CROSS JOIN LATERAL (SELECT coalesce(sum(e.amount), 0) AS entries FROM backing_entry e
                      WHERE e.economy_id = a.economy_id AND e.account = a.name) sums
  WHERE a.economy_id = seen.economy_id) accounts`

interface SnapshotRow extends SeenBackingRow {
  accounts: { name: BackingAccount; balance: string; entries: string }[]
}

function orphaned(book: Book): string {
  return `EXISTS (SELECT FROM chain_block k WHERE k.chain_id = b.${book}_chain_id AND k.number = b.${book}_block
                    AND k.hash = b.${book}_block_hash AND k.status = 'orphaned') AS ${book}_orphaned,
       (SELECT coalesce((c.contracts ->> 'deployed_at_block')::bigint, 0)::text FROM chain c WHERE c.id = b.${book}_chain_id) AS ${book}_start`
}

interface WorkRow
  extends Record<`${Book}_${'position' | 'position_hash' | 'final' | 'final_hash'}`, string | null> {
  economy_id: string
  tenant_id: string
  terms_id: string
  value_chain_id: string
  gateway: string
  utility_chain_id: string
  co_gateway: string
  value_start: string
  utility_start: string
  value_orphaned: boolean
  utility_orphaned: boolean
}

/** $2, $3: the blocks at which a backing's books `b` must stand. */
const STANDS_AT = `b.economy_id = $1 AND b.value_block_hash IS NOT DISTINCT FROM $2 AND b.utility_block_hash IS NOT DISTINCT FROM $3`

/** One statement, so that holdings and positions are of one moment. A row without a message where the books stand and none is known. */
const HOLDINGS = `
SELECT m.message_hash, m.in_flight, m.vault, m.supply, m.redeeming
FROM backing b LEFT JOIN backing_message m ON m.economy_id = b.economy_id AND m.message_hash = ANY ($4)
WHERE ${STANDS_AT}`

interface HoldingRow extends Record<'in_flight' | 'vault' | 'supply' | 'redeeming', string> {
  message_hash: string | null
}

function toWork(row: WorkRow): BackingInWork {
  return {
    economyId: row.economy_id,
    tenantId: row.tenant_id,
    termsId: row.terms_id,
    books: {
      value: { ...toBook(row, 'value'), gateway: row.gateway },
      utility: { ...toBook(row, 'utility'), gateway: row.co_gateway },
    },
  }
}

function toBook(row: WorkRow, book: Book): Omit<BookInWork, 'gateway'> {
  return {
    book,
    chainId: Number(row[`${book}_chain_id`]),
    startNumber: Number(row[`${book}_start`]),
    position: toPosition(row[`${book}_position`], row[`${book}_position_hash`]),
    isOrphaned: row[`${book}_orphaned`],
    final: toPosition(row[`${book}_final`], row[`${book}_final_hash`]),
  }
}

function toPosition(number: string | null, hash: string | null): BlockPosition | null {
  return number === null || hash === null ? null : { number: Number(number), hash }
}

function toHoldings(sums: Record<string, string>): Partial<Record<BackingAccount, bigint>> {
  return Object.fromEntries(Object.entries(sums).map(([account, sum]) => [account, BigInt(sum)]))
}

/** Locks the backing, which every writer of its books does. False: they are no longer where they were seen. */
async function lockAt(client: pg.PoolClient, work: BackingInWork, seen: BookPositions): Promise<boolean> {
  const { rowCount } = await client.query(`SELECT FROM backing b WHERE ${STANDS_AT} FOR UPDATE`, [
    work.economyId,
    ...hashesOf(seen),
  ])
  return rowCount === 1
}

const ENTRY = `economy_id, tenant_id, account, counter_account, amount, block_number, log_index, block_hash, tx_hash, event, message_hash`

/** $1 economy, $2 tenant, then the postings. A debit and a credit each, in the block as it was adopted last. */
const POST = `
INSERT INTO backing_entry (${ENTRY}, generation)
SELECT $1, $2, side.account, side.counter_account, side.amount, posting.block_number, posting.log_index, posting.block_hash,
       posting.tx_hash, posting.event, posting.message_hash, coalesce(block.generation, 1)
FROM unnest($3::text[], $4::text[], $5::numeric[], $6::bigint[], $7::bigint[], $8::int[], $9::text[], $10::text[], $11::text[], $12::text[])
     AS posting(source, target, amount, chain_id, block_number, log_index, block_hash, tx_hash, event, message_hash)
LEFT JOIN chain_block block ON block.chain_id = posting.chain_id AND block.number = posting.block_number AND block.hash = posting.block_hash
CROSS JOIN LATERAL (VALUES (posting.source, posting.target, -posting.amount), (posting.target, posting.source, posting.amount))
     AS side(account, counter_account, amount)`

/** $1 economy, $2 tenant, $3 the book's accounts, $4 the last block that stands. */
const REVERSE = `
INSERT INTO backing_entry (${ENTRY}, generation, is_reversal)
SELECT e.economy_id, $2, e.account, e.counter_account, -e.amount, e.block_number, e.log_index, e.block_hash, e.tx_hash, e.event,
       e.message_hash, e.generation, true
FROM backing_entry e
WHERE e.economy_id = $1 AND e.account = ANY ($3::text[]) AND e.block_number > coalesce($4::bigint, -1) AND NOT e.is_reversal
  AND NOT EXISTS (SELECT FROM backing_entry r WHERE r.economy_id = e.economy_id AND r.account = e.account AND r.block_number = e.block_number
                    AND r.log_index = e.log_index AND r.block_hash = e.block_hash AND r.generation = e.generation AND r.is_reversal)`

/** Writes entries, and adds them to the balances of their accounts and of their messages. */
async function write(
  client: pg.PoolClient,
  { economyId, tenantId }: BackingInWork,
  entries: typeof POST | typeof REVERSE,
  values: readonly unknown[],
): Promise<void> {
  await client.query(
    `INSERT INTO backing_account (economy_id, tenant_id, name) SELECT $1, $2, unnest($3::text[]) ON CONFLICT DO NOTHING`,
    [economyId, tenantId, Object.values(ACCOUNTS).flat()],
  )
  const sumOf = (account: string) => `coalesce(sum(amount) FILTER (WHERE account = '${account}'), 0)`
  await client.query(
    `WITH posted AS (${entries} RETURNING account, message_hash, amount), balances AS (
       UPDATE backing_account a SET balance = a.balance + change.amount, updated_at = now()
       FROM (SELECT account, sum(amount) AS amount FROM posted GROUP BY account) change
       WHERE a.economy_id = $1 AND a.name = change.account)
     INSERT INTO backing_message AS m (economy_id, tenant_id, message_hash, in_flight, vault, supply, redeeming)
     SELECT $1, $2, message_hash, ${sumOf('in_flight')}, ${sumOf('vault')}, ${sumOf('supply')}, ${sumOf('redeeming')}
     FROM posted WHERE message_hash IS NOT NULL GROUP BY message_hash
     ON CONFLICT (economy_id, message_hash) DO UPDATE
     SET in_flight = m.in_flight + excluded.in_flight, vault = m.vault + excluded.vault,
         supply = m.supply + excluded.supply, redeeming = m.redeeming + excluded.redeeming`,
    [economyId, tenantId, ...values],
  )
}

function columnsOf(postings: readonly BackingPosting[]): string[] {
  return [
    columnOf(postings.map(({ from }) => from)),
    columnOf(postings.map(({ to }) => to)),
    columnOf(postings.map(({ amount }) => amount)),
    columnOf(postings.map(({ log }) => log.chainId)),
    columnOf(postings.map(({ log }) => log.blockNumber)),
    columnOf(postings.map(({ log }) => log.logIndex)),
    columnOf(postings.map(({ log }) => log.blockHash)),
    columnOf(postings.map(({ log }) => log.txHash)),
    columnOf(postings.map(({ log }) => log.event)),
    columnOf(postings.map(({ log }) => log.messageHash)),
  ]
}

/** The last block on the way to `position` that the chain still has; null: none that we know of. */
async function ancestorOf(
  client: pg.PoolClient,
  chainId: number,
  position: BlockPosition | null,
): Promise<BlockPosition | null> {
  const { rows } = await client.query<{ number: string; hash: string }>(
    `WITH RECURSIVE back AS (
       SELECT number, hash, parent_hash, status FROM chain_block WHERE chain_id = $1 AND number = $2 AND hash = $3
       UNION ALL
       SELECT b.number, b.hash, b.parent_hash, b.status FROM back
       JOIN chain_block b ON b.chain_id = $1 AND b.number = back.number - 1 AND b.hash = back.parent_hash
       WHERE back.status = 'orphaned')
     SELECT number::text, hash FROM back WHERE status = 'canonical'`,
    [chainId, ...placeOf(position)],
  )
  const [row] = rows
  return row ? { number: Number(row.number), hash: row.hash } : null
}

function hashesOf({ value, utility }: BookPositions): [string | null, string | null] {
  return [value?.hash ?? null, utility?.hash ?? null]
}

function placeOf(position: BlockPosition | null): [number | null, string | null] {
  return [position?.number ?? null, position?.hash ?? null]
}
