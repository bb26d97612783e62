import type { AppDeps } from '../deps.ts'

/** Milliseconds that one check may take. All run at once, so the whole answer is there within a second. */
const CHECK_TIMEOUT_MS = 800
/** Milliseconds. A follower that has not looked at its chain for this long, or for ten blocks, is not following. */
const CURSOR_AGE_MIN_MS = 30_000
const CURSOR_AGE_BLOCKS = 10

export interface Check {
  name: string
  status: 'ok' | 'failed'
  detail: string
}

interface ChainRow {
  id: string
  status: string
  block_time_ms: number
  age_ms: number | null
}

/** Looks at everything the platform stands on. Never throws: a failed check is an answer. */
export async function checkReadiness(deps: Pick<AppDeps, 'database' | 'redis'>): Promise<Check[]> {
  const [postgres, redis, chains] = await Promise.all([
    check('postgres', async () => {
      await deps.database.pool.query('SELECT 1')
    }),
    check('redis', async () => {
      if (deps.redis?.status !== 'ready') throw new Error('not connected')
      await deps.redis.ping()
    }),
    checkChains(deps),
  ])
  return [postgres, redis, ...chains]
}

async function checkChains(deps: Pick<AppDeps, 'database'>): Promise<Check[]> {
  const query = deps.database.pool.query<ChainRow>(
    `SELECT c.id, c.status, c.block_time_ms, (extract(epoch FROM now() - k.updated_at) * 1000)::float8 AS age_ms
     FROM chain c LEFT JOIN chain_cursor k ON k.chain_id = c.id WHERE c.role = 'utility' ORDER BY c.id`,
  )
  const result = await within(CHECK_TIMEOUT_MS, query).catch(() => null)
  if (!result) return [{ name: 'chains', status: 'failed', detail: 'not known without Postgres' }]
  if (result.rows.length === 0) return [{ name: 'chains', status: 'failed', detail: 'none is set up' }]
  return result.rows.map((row) => ({ name: `chain:${row.id}`, ...judge(row) }))
}

function judge(chain: ChainRow): Omit<Check, 'name'> {
  if (chain.status !== 'active') return { status: 'failed', detail: 'halted' }
  if (chain.age_ms === null) return { status: 'failed', detail: 'not followed yet' }
  const seconds = Math.round(chain.age_ms / 1_000)
  const limit = Math.max(CURSOR_AGE_MIN_MS, chain.block_time_ms * CURSOR_AGE_BLOCKS)
  if (chain.age_ms > limit) return { status: 'failed', detail: `last followed ${seconds} s ago` }
  return { status: 'ok', detail: `followed ${seconds} s ago` }
}

async function check(name: string, look: () => Promise<void>): Promise<Check> {
  try {
    await within(CHECK_TIMEOUT_MS, look())
    return { name, status: 'ok', detail: 'answers' }
  } catch {
    return { name, status: 'failed', detail: 'does not answer' }
  }
}

/** @throws Error when `work` has not ended in time. */
async function within<Result>(ms: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('timed out')), ms)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
