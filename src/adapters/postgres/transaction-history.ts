import assert from 'node:assert'
import type { ActivityWindows, RuleContext, WindowTotals } from '#core/rule/evaluate-rules.ts'
import type { PastTransaction, TransactionHistory } from '#core/rule/transaction-history.ts'
import type { Metadata } from '#core/shared/metadata.ts'
import type { Database } from './database.ts'
import { activityOf, hourOf } from './activity.ts'
import { ID_SLACK_MS, idAt } from './transaction-list.ts'

type Party = RuleContext['sender']
type PartyJson = Omit<Party, 'createdAt'> & { createdAt: string }

interface PastRow {
  id: string
  amount: string
  commission: string
  metadata: Metadata
  created_at: Date
  type: RuleContext['type']
  sender: PartyJson
  recipient: PartyJson
}

interface WindowRow {
  subject_id: string
  hour: Date
  day_count: string
  day_sum: string
  month_count: string
  month_sum: string
}

/** No transaction is older or younger. */
const BEGINNING = new Date(0)
const END = new Date('9999-01-01T00:00:00Z')

/** Reads what a dry run asks about: the newest fitting transactions, and what was accepted in the hours before each. */
export function createTransactionHistory(database: Pick<Database, 'read'>): TransactionHistory {
  return async (tenantId, { economyId, typeId, from, to, limit }) => {
    const [since, until] = [from ?? BEGINNING, to ?? END]
    const bounds = [since, until, idAt(since, -ID_SLACK_MS), idAt(until, ID_SLACK_MS)]
    const rows = await database.read<PastRow>(
      tenantId,
      typeId === null ? 'read_past_transactions' : 'read_past_transactions_of_type',
      readPast(typeId !== null),
      [economyId, tenantId, ...bounds, limit, ...(typeId === null ? [] : [typeId])],
    )
    const windows = await readWindows(database, tenantId, economyId, rows)
    return rows.reverse().map((row) => toPast(row, windows))
  }
}

const PARTY = (
  name: string,
) => `jsonb_build_object('id', ${name}.id, 'type', ${name}.type, 'isVerified', ${name}.is_verified,
    'metadata', ${name}.metadata, 'createdAt', ${name}.created_at) AS ${name}`

/** Along an index of (economy, [type,] id): ids rise with time. */
function readPast(isOfType: boolean): string {
  return `
    SELECT t.id, t.amount, t.commission, t.metadata, t.created_at, ${PARTY('sender')}, ${PARTY('recipient')},
           jsonb_build_object('id', y.id, 'name', y.name, 'kind', y.kind) AS type
    FROM transaction t
    JOIN transaction_type y ON y.economy_id = t.economy_id AND y.id = t.type_id
    JOIN economy_user sender ON sender.economy_id = t.economy_id AND sender.id = t.from_user_id
    JOIN economy_user recipient ON recipient.economy_id = t.economy_id AND recipient.id = t.to_user_id
    WHERE t.economy_id = $1 AND t.tenant_id = $2 AND t.created_at >= $3 AND t.created_at < $4
      AND t.id >= $5::uuid AND t.id < $6::uuid ${isOfType ? 'AND t.type_id = $8::uuid' : ''}
    ORDER BY t.id DESC LIMIT $7`
}

/** Sums of whole hours, the same spans as at acceptance: 24 and 720 clock hours, the running one not counted here. */
const READ_WINDOWS = `
  SELECT s.subject_id, s.hour,
         coalesce(sum(activity.count) FILTER (WHERE activity.hour > s.hour - interval '24 hours'), 0) AS day_count,
         coalesce(sum(activity.amount) FILTER (WHERE activity.hour > s.hour - interval '24 hours'), 0) AS day_sum,
         coalesce(sum(activity.count), 0) AS month_count, coalesce(sum(activity.amount), 0) AS month_sum
  FROM unnest($2::uuid[], $3::timestamptz[]) AS s(subject_id, hour)
  CROSS JOIN ${activityOf({ economyId: '$1::uuid', subjectId: 's.subject_id', after: `s.hour - interval '30 days'` })}
  WHERE activity.hour < s.hour AND activity.tenant_id = $4
  GROUP BY s.subject_id, s.hour`

const NOTHING: WindowTotals = { count: 0, sum: 0n }

async function readWindows(
  database: Pick<Database, 'read'>,
  tenantId: string,
  economyId: string,
  rows: readonly PastRow[],
): Promise<Map<string, ActivityWindows>> {
  const subjects = new Map<string, { id: string; hour: Date }>()
  for (const { type, sender, created_at } of rows) {
    const hour = hourOf(created_at)
    for (const { id } of [type, sender]) subjects.set(keyOf(id, hour), { id, hour })
  }
  const asked = [...subjects.values()]
  const found = await database.read<WindowRow>(tenantId, 'read_past_windows', READ_WINDOWS, [
    economyId,
    asked.map(({ id }) => id),
    asked.map(({ hour }) => hour),
    tenantId,
  ])
  return new Map(
    found.map((row) => [
      keyOf(row.subject_id, row.hour),
      {
        hour: NOTHING,
        day: { count: Number(row.day_count), sum: BigInt(row.day_sum) },
        month: { count: Number(row.month_count), sum: BigInt(row.month_sum) },
      },
    ]),
  )
}

function toPast(row: PastRow, windows: ReadonlyMap<string, ActivityWindows>): PastTransaction {
  const hour = hourOf(row.created_at)
  const windowOf = (id: string) =>
    windows.get(keyOf(id, hour)) ?? { hour: NOTHING, day: NOTHING, month: NOTHING }
  return {
    id: row.id,
    context: {
      tx: {
        amount: BigInt(row.amount),
        commission: BigInt(row.commission),
        metadata: row.metadata,
        createdAt: row.created_at,
      },
      type: row.type,
      sender: toParty(row.sender),
      recipient: toParty(row.recipient),
      window: { sender: windowOf(row.sender.id), type: windowOf(row.type.id) },
    },
  }
}

function toParty(party: PartyJson): Party {
  const createdAt = new Date(party.createdAt)
  assert(!Number.isNaN(createdAt.getTime()), 'a user has a time of creation')
  return { ...party, createdAt }
}

function keyOf(subjectId: string, hour: Date): string {
  return `${subjectId}/${hour.getTime()}`
}
