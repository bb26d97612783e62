import type { Page, PageRequest } from '#core/shared/page.ts'
import { toPage } from '#core/shared/page.ts'
import type { Transaction, TransactionStatus } from '#core/transaction/transaction.ts'
import type { TransactionFilter } from '#core/transaction/transaction-reader.ts'
import { carriedBy, NOT_FINAL } from './carried-transactions.ts'
import type { Database } from './database.ts'
import { TRANSACTION_COLUMNS, type TransactionRow, toTransaction } from './transaction-row.ts'

/** Transactions that one page may look at. A page of filters that seldom agree ends here, and the next one goes on. */
export const WALK_MAX = 2_000
/** Rows that are counted to learn which of several filters leaves the fewest. */
const PROBE_MAX = 1_000

/**
 * A page of transactions: a walk along one index, newest or oldest first, and the other filters checked on each row it meets.
 * The planner is not asked which index: its statistics lag behind, and it would rather read and sort a whole economy than walk.
 */
export async function listTransactions(
  database: Pick<Database, 'read'>,
  owner: { tenantId: string; economyId: string },
  filter: TransactionFilter,
  page: PageRequest,
): Promise<Page<Transaction>> {
  const walk = await shortestWalk(database, owner, filter, page)
  const rows = await database.read<TransactionRow>(
    owner.tenantId,
    `transaction_list_${walk.name}_${shapeOf(filter, page)}`,
    ...selectPage(owner.economyId, walk, filter, page),
  )
  const found = toPage(rows, page.limit, (row) => row.id)
  const nextAfter = found.nextAfter ?? (await endOfWalk(database, owner, walk, filter, page))
  return { rows: found.rows.map(toTransaction), nextAfter }
}

/** Collects a statement's parameters. */
type Bind = (value: unknown) => string

/** One index that serves a filter, in the order of ids. */
interface Walk {
  name: string
  /** The filters that every row of the walk fulfils. */
  serves: readonly (keyof TransactionFilter)[]
  /** Selects the column `id`, or all columns of the transactions, in order; `range` bounds the column it is given. */
  ranges(bind: Bind, range: (column: string) => string): Range[]
}

/** One range of one index: a FROM and WHERE, the id's column in it, and whether it is the transaction's own row. */
interface Range {
  from: string
  id: string
}

/** Those that the filter allows; the one that usually meets the fewest rows first. */
function walksOf(filter: TransactionFilter): Walk[] {
  const { metadata, airdropId, status, userId, fromUserId, toUserId, typeId } = filter
  const ofColumn = (name: keyof TransactionFilter, column: string, value: string): Walk => ({
    name: column,
    serves: [name],
    ranges: (bind, range) => [onTransaction(`${column} = ${bind(value)}::uuid`, range)],
  })
  return [
    ...labelsOf(metadata).map(labelWalk),
    ...(airdropId === undefined ? [] : [ofColumn('airdropId', 'airdrop_id', airdropId)]),
    ...(status === undefined || status === 'confirmed' ? [] : [statusWalk(status)]),
    ...(fromUserId === undefined ? [] : [ofColumn('fromUserId', 'from_user_id', fromUserId)]),
    ...(toUserId === undefined ? [] : [ofColumn('toUserId', 'to_user_id', toUserId)]),
    ...(userId === undefined ? [] : [userWalk(userId)]),
    ...(typeId === undefined ? [] : [ofColumn('typeId', 'type_id', typeId)]),
    { name: 'all', serves: [], ranges: (_bind, range) => [onTransaction('true', range)] },
  ]
}

function onTransaction(condition: string, range: (column: string) => string): Range {
  return { from: `transaction t WHERE t.economy_id = $1 AND ${condition}${range('t.id')}`, id: 't.id' }
}

/** Labels of a filter that are walked; all are checked on the row. */
const LABELS_MAX = 4

/** Long labels are those of one thing, an order's number; short ones are shared by many. */
function labelsOf(metadata: TransactionFilter['metadata'] = {}): string[] {
  const labels = Object.entries(metadata).map(([key, value]) => `${key}=${String(value)}`)
  return labels.toSorted((a, b) => b.length - a.length).slice(0, LABELS_MAX)
}

function labelWalk(label: string): Walk {
  return {
    name: 'label',
    serves: [],
    ranges: (bind, range) => [
      {
        from: `transaction_label l WHERE l.economy_id = $1 AND l.label = ${bind(label)}${range('l.transaction_id')}`,
        id: 'l.transaction_id',
      },
    ],
  }
}

function statusWalk(status: Exclude<TransactionStatus, 'confirmed'>): Walk {
  // Recorded with the block, and a status only when the block is final: those in between are checked on the row.
  if (status === 'failed') {
    return {
      name: 'failed',
      serves: [],
      ranges: (_bind, range) => [onTransaction('t.failure_code IS NOT NULL', range)],
    }
  }
  if (status === 'queued') {
    return {
      name: 'queued',
      serves: [],
      ranges: (_bind, range) => [
        {
          from: `queued_transaction q WHERE q.economy_id = $1${range('q.transaction_id')}`,
          id: 'q.transaction_id',
        },
      ],
    }
  }
  // A recorded failure is submitted until its block is final.
  const carriers = status === 'mined' ? (['mined'] as const) : NOT_FINAL
  return {
    name: status,
    serves: [],
    ranges: (_bind, range) => [
      {
        from: `${carriedBy(carriers)} WHERE s.economy_id = $1${range('carried.id')}`,
        id: 'carried.id',
      },
    ],
  }
}

/** Payer or recipient: two ranges of two indexes, merged. Nobody pays himself, so none is met twice. */
function userWalk(userId: string): Walk {
  return {
    name: 'user',
    serves: ['userId'],
    ranges: (bind, range) =>
      ['from_user_id', 'to_user_id'].map((column) =>
        onTransaction(`t.${column} = ${bind(userId)}::uuid`, range),
      ),
  }
}

/** Where there is a choice, each walk is begun, and the one that ends first is taken. */
async function shortestWalk(
  database: Pick<Database, 'read'>,
  { tenantId, economyId }: { tenantId: string; economyId: string },
  filter: TransactionFilter,
  page: PageRequest,
): Promise<Walk> {
  const walks = walksOf(filter)
  const [first, ...others] = walks
  if (!first) throw new RangeError('there is always a walk')
  if (others.length < 2) return first
  const { bind, values } = parameters(economyId)
  const range = rangeOf(filter, page, bind)
  const counts = walks
    .slice(0, -1)
    .map((walk) => `(SELECT count(*) FROM ${idsOf(walk, bind, range, page, PROBE_MAX)})`)
  const [row] = await database.read<{ counts: string[] }>(
    tenantId,
    `transaction_probe_${walks.length}_${shapeOf(filter, page)}`,
    `SELECT ARRAY[${counts.join(', ')}] AS counts`,
    values,
  )
  const lengths = (row?.counts ?? []).map(Number)
  const least = Math.min(...lengths)
  return least < PROBE_MAX ? (walks[lengths.indexOf(least)] ?? first) : first
}

function selectPage(
  economyId: string,
  walk: Walk,
  filter: TransactionFilter,
  page: PageRequest,
): [text: string, values: unknown[]] {
  const { bind, values } = parameters(economyId)
  const range = rangeOf(filter, page, bind)
  const source = idsOf(walk, bind, range, page, WALK_MAX)
  const limit = bind(page.limit + 1)
  const conditions = remaining(filter, walk, bind).map((condition) => ` AND ${condition}`)
  // OFFSET 0 keeps the planner from joining in any other way than row by row, in the order of the walk and only until the page is
  // full: it would rather read everything between the first row and the last.
  const text = `
    SELECT ${TRANSACTION_COLUMNS} FROM (
      SELECT t.* FROM ${source}
      CROSS JOIN LATERAL (SELECT * FROM transaction_state x WHERE x.economy_id = $1 AND x.id = walk.id OFFSET 0) AS t
      WHERE true${conditions.join('')} ORDER BY walk.id ${direction(page)} LIMIT ${limit}
    ) AS t
    LEFT JOIN LATERAL (SELECT * FROM chain_submission x WHERE x.id = t.submission_id OFFSET 0) AS s ON true
    ORDER BY t.id ${direction(page)}`
  return [text, values]
}

/** The last id that the walk met before its bound cut it off; null when it met everything there is. */
async function endOfWalk(
  database: Pick<Database, 'read'>,
  { tenantId, economyId }: { tenantId: string; economyId: string },
  walk: Walk,
  filter: TransactionFilter,
  page: PageRequest,
): Promise<string | null> {
  const { bind, values } = parameters(economyId)
  if (remaining(filter, walk, () => '').length === 0) return null
  const range = rangeOf(filter, page, bind)
  const [row] = await database.read<{ id: string }>(
    tenantId,
    `transaction_walk_${walk.name}_${shapeOf(filter, page)}`,
    `SELECT id FROM ${idsOf(walk, bind, range, page, WALK_MAX)} ORDER BY id ${direction(page)} OFFSET ${WALK_MAX - 1}`,
    values,
  )
  return row?.id ?? null
}

/** The ids that the walk meets, as the table `walk`. */
function idsOf(
  walk: Walk,
  bind: Bind,
  range: (column: string) => string,
  page: PageRequest,
  max: number,
): string {
  const select = ({ from, id }: Range) =>
    `(SELECT ${id} AS id FROM ${from} ORDER BY ${id} ${direction(page)} LIMIT ${max})`
  const [first, ...others] = walk.ranges(bind, range).map(select)
  if (others.length === 0) return `${first} AS walk`
  return `(SELECT id FROM (${[first, ...others].join(' UNION ALL ')}) AS merged ORDER BY id ${direction(page)} LIMIT ${max}) AS walk`
}

function parameters(economyId: string) {
  const values: unknown[] = [economyId]
  const bind: Bind = (value) => `$${values.push(value)}`
  return { bind, values }
}

function direction(page: PageRequest): string {
  return page.order === 'asc' ? 'ASC' : 'DESC'
}

/** Of each filter in the names of prepared statements, which may have 63 characters. */
const LETTER_OF: Record<keyof TransactionFilter, string> = {
  status: 's',
  userId: 'u',
  fromUserId: 'f',
  toUserId: 't',
  typeId: 'y',
  airdropId: 'a',
  createdFrom: 'g',
  createdBefore: 'l',
  metadata: 'm',
}

/** Prepared statements are told apart by which filters they have (and by the status, which stands in the text). */
function shapeOf(filter: TransactionFilter, page: PageRequest): string {
  const letters = Object.entries(LETTER_OF).flatMap(([name, letter]) =>
    // The table's keys are the filter's.
    filter[name as keyof TransactionFilter] === undefined ? [] : [letter],
  )
  return [
    page.order,
    page.after === undefined ? 'first' : 'after',
    filter.status ?? 'any',
    letters.join(''),
  ].join('_')
}

/** The bounds of the id: ids are UUIDv7, so their order is the order of acceptance. */
function rangeOf(filter: TransactionFilter, page: PageRequest, bind: Bind): (column: string) => string {
  const bounds: string[] = []
  if (page.after !== undefined) bounds.push(`${page.order === 'asc' ? '>' : '<'} ${bind(page.after)}::uuid`)
  if (filter.createdFrom) bounds.push(`>= ${bind(idAt(filter.createdFrom, -ID_SLACK_MS))}::uuid`)
  if (filter.createdBefore) bounds.push(`< ${bind(idAt(filter.createdBefore, ID_SLACK_MS))}::uuid`)
  return (column) => bounds.map((bound) => ` AND ${column} ${bound}`).join('')
}

/** What is left to check on each row. */
function remaining(filter: TransactionFilter, walk: Walk, bind: Bind): string[] {
  const conditions: string[] = []
  const isLeft = (name: keyof TransactionFilter) => filter[name] !== undefined && !walk.serves.includes(name)
  if (isLeft('status')) conditions.push(`t.status = '${STATUS_LITERAL[filter.status ?? 'queued']}'`)
  if (isLeft('userId')) {
    const user = bind(filter.userId)
    conditions.push(`(t.from_user_id = ${user}::uuid OR t.to_user_id = ${user}::uuid)`)
  }
  if (isLeft('fromUserId')) conditions.push(`t.from_user_id = ${bind(filter.fromUserId)}::uuid`)
  if (isLeft('toUserId')) conditions.push(`t.to_user_id = ${bind(filter.toUserId)}::uuid`)
  if (isLeft('typeId')) conditions.push(`t.type_id = ${bind(filter.typeId)}::uuid`)
  if (isLeft('airdropId')) conditions.push(`t.airdrop_id = ${bind(filter.airdropId)}::uuid`)
  // Also where the walk is along a label, which does not tell 1 from "1".
  if (isLeft('metadata')) conditions.push(`t.metadata @> ${bind(JSON.stringify(filter.metadata))}::jsonb`)
  if (isLeft('createdFrom')) conditions.push(`t.created_at >= ${bind(filter.createdFrom)}`)
  if (isLeft('createdBefore')) conditions.push(`t.created_at < ${bind(filter.createdBefore)}`)
  return conditions
}

const STATUS_LITERAL: Record<TransactionStatus, string> = {
  queued: 'queued',
  submitted: 'submitted',
  mined: 'mined',
  confirmed: 'confirmed',
  failed: 'failed',
}

/** Milliseconds that an id's time may be off its row's `created_at`; the exact bound is checked on the row. */
export const ID_SLACK_MS = 60_000

/** The smallest UUIDv7 of a moment. */
export function idAt(moment: Date, offsetMs: number): string {
  const hex = Math.max(0, moment.getTime() + offsetMs)
    .toString(16)
    .padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`
}
