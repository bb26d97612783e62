import assert from 'node:assert'
import type { EntryReader, FirstEntriesReader, LedgerEntry } from '#core/ledger/list-entries.ts'
import { toPage } from '#core/shared/page.ts'
import type { Database } from './database.ts'

interface EntryRow {
  amount: string
  is_reversal: boolean
  counter_id: string
  counter_kind: 'wallet' | 'external' | 'issuance'
  counter_address: string
  transaction_id: string | null
  block_number: string
  block_hash: string
  tx_hash: string
  log_index: number
  side: 'debit' | 'credit'
  generation: number
  created_at: Date
}

/** Reads along the primary key of `entry`, so a page costs the same however long the history is. */
export function createEntryReader(database: Pick<Database, 'read'>): EntryReader {
  return async (tenantId, economyId, userId, page) => {
    const after = page.after === undefined ? null : parsePosition(page.after)
    const rows = await database.read<EntryRow>(
      tenantId,
      `list_entries_${page.order}_${after ? 'after' : 'first'}`,
      listEntries(page.order, after !== null),
      [economyId, userId, tenantId, page.limit + 1, ...(after ?? [])],
    )
    if (rows.length === 0 && !(await isAccount(database, tenantId, economyId, userId))) return null
    return toPage(rows.map(toEntry), page.limit, (entry) => entry.position)
  }
}

/** The same for many accounts at once, each along the primary key. */
export function createFirstEntriesReader(database: Pick<Database, 'read'>): FirstEntriesReader {
  return async (tenantId, economyId, userIds, { limit, order }) => {
    const rows = await database.read<EntryRow & { account_id: string }>(
      tenantId,
      `first_entries_${order}`,
      `SELECT u.account_id, first.* FROM unnest($2::uuid[]) AS u (account_id)
       CROSS JOIN LATERAL (${listEntries(order, false, 'u.account_id')}) first`,
      [economyId, [...new Set(userIds)], tenantId, limit + 1],
    )
    const byAccount = Map.groupBy(rows, (row) => row.account_id)
    return new Map(
      [...byAccount].map(([userId, own]) => [
        userId,
        toPage(own.map(toEntry), limit, (entry) => entry.position),
      ]),
    )
  }
}

const KEY = 'e.block_number, e.log_index, e.side, e.generation, e.is_reversal'

function listEntries(order: 'asc' | 'desc', isAfter: boolean, account = '$2'): string {
  const past = order === 'asc' ? '>' : '<'
  const ordered = KEY.split(', ')
    .map((column) => `${column} ${order}`)
    .join(', ')
  return `
    SELECT e.amount, e.is_reversal, c.id AS counter_id, c.kind AS counter_kind, c.address AS counter_address, e.transaction_id,
           e.block_number, '0x' || encode(e.block_hash, 'hex') AS block_hash, '0x' || encode(e.tx_hash, 'hex') AS tx_hash,
           e.log_index, e.side, e.generation, e.created_at
    FROM entry e JOIN account c ON c.economy_id = e.economy_id AND c.id = e.counter_account_id
    WHERE e.economy_id = $1 AND e.account_id = ${account} AND e.tenant_id = $3
      ${isAfter ? `AND (${KEY}) ${past} ($5::bigint, $6::int, $7::text, $8::int, $9::boolean)` : ''}
    ORDER BY ${ordered} LIMIT $4`
}

async function isAccount(
  database: Pick<Database, 'read'>,
  tenantId: string,
  economyId: string,
  userId: string,
): Promise<boolean> {
  const rows = await database.read(
    tenantId,
    'is_wallet_account',
    `SELECT FROM account WHERE economy_id = $1 AND id = $2 AND tenant_id = $3 AND kind = 'wallet'`,
    [economyId, userId, tenantId],
  )
  return rows.length > 0
}

function toEntry(row: EntryRow): LedgerEntry {
  const { block_number, log_index, side, generation, is_reversal } = row
  const kind = row.counter_kind === 'wallet' ? 'user' : row.counter_kind === 'issuance' ? 'mint' : 'external'
  return {
    position: [block_number, log_index, side, generation, is_reversal].join('.'),
    amount: BigInt(row.amount),
    isReversal: is_reversal,
    counterparty: {
      address: row.counter_address,
      userId: kind === 'user' ? row.counter_id : null,
      kind,
    },
    transactionId: row.transaction_id,
    blockNumber: BigInt(block_number),
    blockHash: row.block_hash,
    txHash: row.tx_hash,
    logIndex: log_index,
    createdAt: row.created_at,
  }
}

/** Cursors that were given before 2026-12 have the block's hash in them, too. */
const POSITION = /^(\d{1,18})\.(\d{1,9})\.(debit|credit)\.(?:0x[0-9a-f]{64}\.)?(\d{1,9})\.(true|false)$/

function parsePosition(text: string): string[] {
  const match = POSITION.exec(text)
  assert(match, 'cursors are signed, so a position is one that we gave')
  return match.slice(1)
}
