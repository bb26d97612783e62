import { deriveKey } from '#adapters/crypto/sealer.ts'
import { toList } from '#apps/api/plugins/pagination.ts'
import type { Aged } from '../history.ts'
import { inTurn } from '../in-turn.ts'
import { percentile, runLoad } from '../load/http-load.ts'
import type { Platform } from '../platform.ts'
import type { Population } from '../population.ts'
import { median, type Row, row } from '../report.ts'
import { getRequest, payments } from '../requests.ts'
import type { BenchRun, Section } from '../run.ts'
import { waitUntilQuiet } from '../settled.ts'
import { settleOnce } from './settle.ts'

const ROUNDS = 2
const TRANSFERS = 15_000
const LIST_READS = 300
const LIST_ROUNDS = 3
const PAGE_LIMIT = 25
const DEEP_PAGE = 10_000
const QUICK_DEEP_PAGE = 1_000

/** An economy with a long past beside one without: what it accepts, settles and lists. */
export const growth: Section = {
  rows: ['lists', 'growth-accept', 'growth-settle'],
  needsHistory: true,

  async run(run) {
    const { aged, young } = await run.ages()
    await run.restAllBut([aged.platform, young.platform])
    run.details.sizes = await measureSizes(aged)
    const rows = [await measureLists(run, aged, young), ...(await measureGrowth(run, aged, young))]
    return run.isQuick ? rows.map((one) => ({ ...one, quick: true as const })) : rows
  },
}

async function measureGrowth({ progress, details }: BenchRun, aged: Aged, young: Aged): Promise<Row[]> {
  const rounds: Record<'aged' | 'young', { perSecond: number; acceptedPerSecond: number }>[] = []
  for (let round = 1; round <= ROUNDS; round += 1) {
    await progress.step(`growth, round ${round} of ${ROUNDS}`, async (note) => {
      const measure = ({ platform, population }: Aged) =>
        settleOnce(platform, [population], payments(TRANSFERS, population.userIds.length, 120 + round))
      const { ours, beside } = await inTurn(round, {
        ours: () => measure(aged),
        beside: () => measure(young),
      })
      rounds.push({ aged: ours, young: beside })
      note(`young ${Math.round(beside.perSecond)}, old ${Math.round(ours.perSecond)} /s`)
    })
  }
  details.growth = { rounds }
  return (['acceptedPerSecond', 'perSecond'] as const).map((figure) =>
    row({
      name: figure === 'perSecond' ? 'growth-settle' : 'growth-accept',
      unit: 'transfers/s',
      ours: median(rounds.map((round) => round.aged[figure])),
      beside: median(rounds.map((round) => round.young[figure])),
      ratio: median(rounds.map((round) => round.aged[figure] / round.young[figure])),
      goal: { atLeast: 0.8 },
    }),
  )
}

/** Each filter's first and deep page in the long history, beside the first page of a thousand: the worst of them counts. */
async function measureLists(run: BenchRun, aged: Aged, young: Aged): Promise<Row> {
  const deepPage = run.isQuick ? QUICK_DEEP_PAGE : DEEP_PAGE
  return run.progress.step(`lists, page 1 and page ${deepPage}`, async (note) => {
    const found: Record<string, { youngMs: number; firstMs: number; deepMs: number }> = {}
    for (const { platform, population } of [aged, young])
      await waitUntilQuiet(platform, [population.economyId])
    for (const filter of ['type_id', 'status'] as const) {
      const [youngPath, firstPath] = [
        pathOf(filterOf(filter, young.population.rewardType)),
        pathOf(filterOf(filter, aged.population.payType)),
      ]
      const deepPath = await deepPathOf(aged, filterOf(filter, aged.population.payType), deepPage)
      const rounds: { youngMs: number; firstMs: number; deepMs: number }[] = []
      for (let round = 0; round < LIST_ROUNDS; round += 1) {
        rounds.push({
          youngMs: await medianMs(young, youngPath),
          firstMs: await medianMs(aged, firstPath),
          deepMs: await medianMs(aged, deepPath),
        })
      }
      const of = (key: 'youngMs' | 'firstMs' | 'deepMs') => median(rounds.map((one) => one[key]))
      found[filter] = { youngMs: of('youngMs'), firstMs: of('firstMs'), deepMs: of('deepMs') }
    }
    run.details.lists = found
    const [worst] = Object.values(found).toSorted((a, b) => slowest(b) / b.youngMs - slowest(a) / a.youngMs)
    if (!worst) throw new Error('there are two filters')
    note(`${slowest(worst).toFixed(1)} ms beside ${worst.youngMs.toFixed(1)} ms`)
    return row({
      name: 'lists',
      unit: 'ms',
      ours: slowest(worst),
      beside: worst.youngMs,
      goal: { atMost: 2 },
    })
  })
}

const USER_TABLES = ['economy_user', 'wallet', 'account']

/** What a user and a transaction take at rest, with their share of every index. */
async function measureSizes({
  platform,
}: Aged): Promise<{ bytesPerUser: number; bytesPerTransaction: number }> {
  const sizes = await platform.sql<{ name: string; bytes: string }>(
    `SELECT relname AS name, pg_total_relation_size(oid) AS bytes FROM pg_class
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`,
  )
  const [counts] = await platform.sql<{ users: string; transactions: string }>(
    'SELECT (SELECT count(*) FROM economy_user) AS users, (SELECT count(*) FROM transaction) AS transactions',
  )
  const sum = (isOfUsers: boolean) =>
    sizes
      .filter(({ name }) => USER_TABLES.includes(name) === isOfUsers)
      .reduce((total, { bytes }) => total + Number(bytes), 0)
  return {
    bytesPerUser: sum(true) / Number(counts?.users),
    bytesPerTransaction: sum(false) / Number(counts?.transactions),
  }
}

const slowest = ({ firstMs, deepMs }: { firstMs: number; deepMs: number }) => Math.max(firstMs, deepMs)

type Filter = { type_id: string } | { status: string }

function filterOf(name: 'type_id' | 'status', typeId: string): Filter {
  return name === 'type_id' ? { type_id: typeId } : { status: 'confirmed' }
}

function pathOf(filter: Filter, cursor?: string): string {
  const query = new URLSearchParams({ ...filter, limit: String(PAGE_LIMIT), ...(cursor && { cursor }) })
  return `/v3/transactions?${query.toString()}`
}

async function medianMs({ platform, population }: Aged, path: string): Promise<number> {
  const request = getRequest(population, path)
  const requests = Array.from({ length: LIST_READS }, () => request)
  const { latencies } = await runLoad({ url: platform.api.url, requests, status: 200, connections: 1 })
  return percentile(latencies, 0.5)
}

/** The page's cursor as the api itself would have made it, from the last row of the page before: found by SQL, in one step. */
async function deepPathOf({ platform, population }: Aged, filter: Filter, page: number): Promise<string> {
  const [last] = await platform.sql<{ id: string }>(
    `SELECT id FROM transaction WHERE economy_id = $1 AND type_id = $2 ORDER BY id DESC OFFSET $3 LIMIT 1`,
    [population.economyId, population.payTypeId, (page - 1) * PAGE_LIMIT - 1],
  )
  if (!last) throw new Error(`the list has no page ${page}`)
  return pathOf(filter, cursorAfter(platform, population, filter, last.id))
}

function cursorAfter(
  { keyEncryptionKey }: Platform,
  { tenantId, economyId }: Population,
  filter: Filter,
  after: string,
): string {
  const request = {
    url: '/v3/transactions',
    server: { cursorKeys: [deriveKey(keyEncryptionKey, 'cursor')] },
    credential: { tenantId },
    economyId,
    // With the defaults that validation adds.
    query: { limit: PAGE_LIMIT, order: 'desc', ...filter },
  }
  // Of a request the cursor's making reads these fields and no others.
  const list = toList(
    request as unknown as Parameters<typeof toList>[0],
    { rows: [], nextAfter: after },
    () => null,
  )
  return list.next_cursor ?? ''
}
