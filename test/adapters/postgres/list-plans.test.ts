import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WALK_MAX } from '#adapters/postgres/transaction-list.ts'
import { WALK_MAX as NAMES_WALK_MAX } from '#adapters/postgres/user-names.ts'
import { startApi, type TestApi, uuidOfWire } from '#test/support/api.ts'
import { type Grown, growTables } from './grown-tables.ts'

/** What a list may be asked, one query string per combination of filters that matters. */
type Queries = (ids: Grown) => readonly string[]

const PLAIN: Queries = () => ['']

/** Every list of the API's description. A list that is not here fails the first test. */
const LISTS: Record<string, Queries> = {
  '/v3/transactions': ({ user, otherUser, company, tip, reward, midway, airdrop }) => [
    '',
    'order=asc',
    'status=queued',
    'status=submitted',
    'status=mined',
    'status=confirmed',
    'status=failed',
    `user_id=${user}`,
    `user_id=${company}`,
    `from_user_id=${user}`,
    `to_user_id=${user}&order=asc`,
    `type_id=${tip}`,
    `type_id=${reward}`,
    `airdrop_id=${airdrop}`,
    `created_at.gte=${midway}`,
    `created_at.lt=${midway}`,
    `created_at.gte=${midway}&order=asc`,
    metadata({ campaign: 'c7' }),
    `${metadata({ campaign: 'c7' })}&order=asc`,
    metadata({ campaign: 'c7', nobody: 'has this' }),
    metadata({ campaign: 'nobody has this' }),
    `${metadata({ campaign: 'c7' })}&status=confirmed`,
    `${metadata({ campaign: 'c7' })}&status=failed`,
    `${metadata({ campaign: 'c7' })}&user_id=${user}`,
    `${metadata({ campaign: 'c7' })}&type_id=${tip}`,
    `${metadata({ campaign: 'c7' })}&created_at.lt=${midway}`,
    `from_user_id=${company}&to_user_id=${user}`,
    `from_user_id=${user}&to_user_id=${otherUser}`,
    `user_id=${user}&status=failed`,
    `user_id=${user}&status=confirmed&type_id=${tip}&created_at.lt=${midway}`,
    `user_id=${company}&type_id=${reward}&status=queued`,
    `type_id=${tip}&status=failed`,
    `type_id=${tip}&status=queued`,
    `status=failed&created_at.lt=${midway}`,
  ],
  '/v3/users': () => [
    '',
    'order=asc',
    'status=active',
    'status=archived',
    'type=company',
    'type=user',
    `external_id=${encodeURIComponent('seeded-17')}`,
    'name_prefix=User%2077',
    'name_prefix=User',
    'name_prefix=User&order=asc',
    'name_prefix=nobody',
    'name_prefix=User&status=archived',
  ],
  '/v3/users/{id}/ledger': () => ['', 'order=asc'],
  '/v3/transaction-types': () => [
    '',
    'status=active',
    'status=archived',
    'kind=user_to_user',
    'name=type-17',
  ],
  '/v3/token-rules': ({ tip }) => ['', 'status=archived', `type_id=${tip}`, 'name=rule-17'],
  '/v3/token-rules/{id}/versions': PLAIN,
  '/v3/price-points': () => ['', 'currency=USD', 'currency=EUR&order=asc'],
  '/v3/airdrops': PLAIN,
  '/v3/token/reconciliations': PLAIN,
  '/v3/members': PLAIN,
  '/v3/api-keys': ({ economy }) => ['', `economy_id=${economy}`],
  '/v3/economies': () => ['', 'status=active', 'status=failed', 'environment=production', 'order=asc'],
  '/v3/webhooks': PLAIN,
  '/v3/webhooks/{id}/deliveries': () => ['', 'status=delivered', 'status=failed', 'type=user.created'],
  '/v3/webhooks/{id}/replays': PLAIN,
  '/v3/events': () => ['', 'order=desc', 'type=airdrop.completed', 'type=user.created'],
  '/v3/redeemable-skus': () => ['', 'status=active', 'status=inactive', 'order=asc'],
  '/v3/redemptions': ({ user, sku }) => [
    '',
    'order=asc',
    `user_id=${user}`,
    `sku_id=${sku}`,
    `sku_id=${sku}&order=asc`,
  ],
  '/v3/stakes': () => ['', 'order=asc'],
  '/v3/unstakes': () => ['', 'order=asc'],
  '/v3/audit-log': ({ midway }) => [
    '',
    'action=user.created',
    'action=api_key.revoked',
    'subject_type=api_key',
    `since=${midway}`,
    `until=${midway}`,
  ],
}

const metadata = (labels: Record<string, string>) => `metadata=${encodeURIComponent(JSON.stringify(labels))}`

const LIMIT = 10
/** Pages of the largest size that are turned before the deep one. */
const PAGES_TURNED = 12
/** Rows that one statement of a page may touch: a few for each that it shows. */
const ROWS_MAX = 60 * LIMIT
/** Times that a statement may touch a row of its walk: in the index, the table, and what is done with it after. */
const TOUCHES_PER_ROW = 5
/** Blocks per row touched: a descent of an index, and the row. */
const BLOCKS_PER_ROW = 12
/** Rows that may be sorted: no whole set of anything. */
const SORTED_MAX = 1_100

/** As webhook-event-reader.ts has it. */
const EVENTS_SCAN_MAX = 5_000

/** Those whose filters may agree so seldom that the page ends with its walk, and how many rows that has. */
const WALKS: Record<string, number> = {
  '/v3/transactions': WALK_MAX,
  '/v3/users': NAMES_WALK_MAX,
  '/v3/events': EVENTS_SCAN_MAX,
}

/** Tables with a row per transaction, event or act; the others have bounds of their own. */
const GROWING = new Set([
  'transaction',
  'transaction_label',
  'queued_transaction',
  'hold',
  'entry',
  'economy_user',
  'wallet',
  'account',
  'activity',
  'chain_submission',
  'submission_attempt',
  'audit_log',
  'price_point',
  'reconciliation',
  'outbox_record',
  'webhook_event',
  'webhook_delivery',
])

describe('every list', () => {
  let api: TestApi
  let ids: Grown
  let superuser: pg.Client
  let lists: string[]
  const spy = spyOnStatements()

  beforeAll(async () => {
    api = await startApi()
    const { body } = await api.request('GET', '/openapi.json', { key: null })
    lists = Object.entries<{ get?: { parameters?: { name: string }[] } }>(body.paths)
      .filter(([, { get }]) => get?.parameters?.some(({ name }) => name === 'cursor'))
      .map(([path]) => path)
    ids = await growTables(api)
    superuser = new pg.Client({ connectionString: api.database.adminUrl })
    await superuser.connect()
  }, 120_000)

  afterAll(async () => {
    spy.restore()
    await superuser?.end()
    await api?.close()
  })

  it('has its plans looked at here', () => {
    expect(lists.filter((path) => !(path in LISTS))).toEqual([])
    expect(lists.length).toBeGreaterThan(10)
  })

  it.each(Object.keys(LISTS))(
    '%s walks an index, from the first page to a deep one',
    { timeout: 120_000 },
    async (path) => {
      if (!lists.includes(path)) return
      const faults: string[] = []
      for (const query of LISTS[path]?.(ids) ?? []) {
        for (const page of await pagesOf(path, query)) {
          for (const statement of page.statements) {
            for (const fault of await faultsOf(statement, WALKS[path] ?? null))
              faults.push(`${query || 'no filter'}, ${page.name}: ${fault}`)
          }
        }
      }
      expect(faults).toEqual([])
    },
  )

  const pathIds = () => ({
    '/v3/users/{id}/ledger': ids.user,
    '/v3/token-rules/{id}/versions': ids.rule,
  })

  /** The statements of the first page and of one far behind it. */
  async function pagesOf(path: string, query: string) {
    const own: Record<string, string> = pathIds()
    const url = path.replace('{id}', own[path] ?? ids.webhook)
    const turn = async (limit: number, cursor: string | null) => {
      const question = [query, `limit=${limit}`, cursor && `cursor=${cursor}`].filter(Boolean).join('&')
      const { status, body } = await api.request('GET', `${url}?${question}`, { economy: ids.economy })
      expect(status, JSON.stringify([url, question, body])).toBe(200)
      return body.has_more ? String(body.next_cursor) : null
    }
    const first = await spy.during(() => turn(LIMIT, null))
    let cursor = first.result
    for (let turned = 0; turned < PAGES_TURNED && cursor !== null; turned += 1)
      cursor = (await turn(100, cursor)) ?? null
    const pages = [{ name: 'first page', statements: first.statements }]
    if (cursor === null) return pages
    const deep = await spy.during(() => turn(LIMIT, cursor))
    return [...pages, { name: 'deep page', statements: deep.statements }]
  }

  /** What is wrong with the statement's plan, both for these values and for any. */
  async function faultsOf(statement: Statement, walk: number | null): Promise<string[]> {
    const modes = ['force_custom_plan', ...(statement.name ? ['force_generic_plan'] : [])]
    const plans: PlanNode[] = []
    for (const mode of modes) plans.push(await explain(statement, mode))
    return plans.flatMap((plan) => faultsOfPlan(plan, walk).map((fault) => `${fault}\n${statement.text}`))
  }

  async function explain({ text, values }: Statement, mode: string): Promise<PlanNode> {
    await superuser.query('BEGIN')
    try {
      await superuser.query(`SET LOCAL ROLE ost_app; SET LOCAL plan_cache_mode = ${mode}`)
      await superuser.query(`SELECT set_config('ost.tenant_ids', $1, true)`, [uuidOfWire(api.tenant.id)])
      await superuser.query(`PREPARE looked_at AS ${text}`)
      const literals = values.map((value) => literalOf(value)).join(', ')
      const { rows } = await superuser.query(
        `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE looked_at${values.length > 0 ? `(${literals})` : ''}`,
      )
      return rows[0]['QUERY PLAN'][0].Plan
    } finally {
      await superuser.query('ROLLBACK')
      await superuser.query('DEALLOCATE ALL')
    }
  }
})

interface Statement {
  /** Of a prepared statement, whose plan may be one for any values. */
  name: string | undefined
  text: string
  values: readonly unknown[]
}

interface PlanNode {
  'Node Type': string
  'Relation Name'?: string
  'Actual Rows': number
  'Actual Loops': number
  'Rows Removed by Filter'?: number
  'Shared Hit Blocks': number
  'Shared Read Blocks': number
  Plans?: PlanNode[]
}

function faultsOfPlan(root: PlanNode, walk: number | null): string[] {
  const nodes = flatten(root)
  const faults: string[] = []
  for (const node of nodes) {
    const relation = node['Relation Name'] ?? ''
    if (node['Node Type'] === 'Seq Scan' && GROWING.has(relation)) faults.push(`reads all of ${relation}`)
    const sorted = node['Node Type'].includes('Sort') ? Math.max(...(node.Plans ?? []).map(rowsOf)) : 0
    if (sorted > Math.max(SORTED_MAX, walk ?? 0)) faults.push(`sorts ${sorted} rows`)
  }
  const touched = nodes
    .filter((node) => node['Relation Name'] !== undefined || node['Node Type'].includes('Scan'))
    .reduce((sum, node) => sum + rowsOf(node), 0)
  const rowsMax = walk === null ? ROWS_MAX : walk * TOUCHES_PER_ROW
  if (touched > rowsMax) faults.push(`touches ${touched} rows`)
  const blocks = root['Shared Hit Blocks'] + root['Shared Read Blocks']
  if (blocks > rowsMax * BLOCKS_PER_ROW) faults.push(`touches ${blocks} blocks`)
  return faults
}

function rowsOf(node: PlanNode): number {
  return (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops']
}

function flatten(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(flatten)]
}

/** As the driver sends it: text. */
function literalOf(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  if (value instanceof Date) return `'${value.toISOString()}'`
  if (Array.isArray(value))
    return pg.escapeLiteral(`{${value.map((item) => JSON.stringify(item)).join(',')}}`)
  return pg.escapeLiteral(
    typeof value === 'object' ? JSON.stringify(value) : `${value as string | number | boolean | bigint}`,
  )
}

/** Notes what the platform really sends: Prisma and the plain pools share one driver. */
function spyOnStatements() {
  // The driver's own type has an overload for each form of call; here they are only passed on.
  const prototype = pg.Client.prototype as unknown as {
    query: (this: unknown, ...args: unknown[]) => unknown
  }
  const original = prototype.query
  let noted: Statement[] | null = null
  prototype.query = function (...args) {
    const [config, values] = args
    const text = typeof config === 'string' ? config : (config as { text?: string } | undefined)?.text
    const given = Array.isArray(values) ? values : (config as { values?: unknown[] } | undefined)?.values
    if (noted && text && isRead(text))
      noted.push({ name: (config as { name?: string }).name, text, values: given ?? [] })
    return original.apply(this, args)
  }
  return {
    async during<Result>(work: () => Promise<Result>) {
      const statements: Statement[] = []
      noted = statements
      try {
        return { result: await work(), statements }
      } finally {
        noted = null
      }
    },
    restore() {
      prototype.query = original
    },
  }
}

function isRead(text: string): boolean {
  return (
    /^\s*(SELECT|WITH)\b/i.test(text) &&
    /\bFROM\b/i.test(text) &&
    !text.includes('authenticate_api_key') &&
    !text.includes('set_config')
  )
}
