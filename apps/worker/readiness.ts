import type { Database } from '#adapters/postgres/database.ts'

/** Milliseconds that one check may take. All run at once, so the whole answer is there within a second. */
const CHECK_TIMEOUT_MS = 800

export interface Check {
  /** `postgres`, `redis`, `chain:<id>` or `lanes:<chain id>`. */
  name: string
  status: 'ok' | 'failed'
  /** In words, for operators only. */
  detail: string
}

interface LaneRow {
  address: string
  status: string
  pause_reason: string | null
  chain_status: string
}

/** Looks at everything the worker stands on. Never throws and never hangs: a failed check is an answer. */
export async function checkReadiness(deps: {
  database: Pick<Database, 'pool'>
  pingRedis: () => Promise<void>
  /** Chains that are served. */
  chains: () => readonly { id: number; name: string }[]
  /** Asks a node of the chain for its head. */
  headOf: (chainId: number) => Promise<unknown>
}): Promise<Check[]> {
  const { database, pingRedis, chains, headOf } = deps
  return Promise.all([
    check('postgres', async () => {
      await database.pool.query('SELECT 1')
      return 'answers'
    }),
    check('redis', async () => {
      await pingRedis()
      return 'answers'
    }),
    ...chains().flatMap(({ id, name }) => [
      check(`chain:${id}`, async () => `${name} is at block ${Number(await headOf(id))}`),
      check(`lanes:${id}`, async () => judgeLanes(await readLanes(database, id))),
    ]),
  ])
}

async function readLanes(database: Pick<Database, 'pool'>, chainId: number): Promise<LaneRow[]> {
  const { rows } = await database.pool.query<LaneRow>(
    `SELECT lane.address, lane.status, lane.pause_reason, chain.status AS chain_status
     FROM lane JOIN chain ON chain.id = lane.chain_id WHERE lane.chain_id = $1 ORDER BY lane.id LIMIT 1000`,
    [chainId],
  )
  return rows
}

/** One lane that signs is enough to go on; what is paused is named all the same. @throws when nothing can be signed. */
function judgeLanes(lanes: readonly LaneRow[]): string {
  if (lanes.some((lane) => lane.chain_status === 'halted')) throw new Error('the chain is halted')
  const paused = lanes.filter((lane) => lane.status !== 'active')
  const words = [
    `${lanes.length - paused.length} of ${lanes.length} lanes sign`,
    ...paused.map((lane) => `${lane.address} is paused: ${lane.pause_reason ?? 'no reason given'}`),
  ].join('; ')
  if (paused.length === lanes.length) throw new Error(words)
  return words
}

async function check(name: string, look: () => Promise<string>): Promise<Check> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`)), CHECK_TIMEOUT_MS)
  })
  try {
    return { name, status: 'ok', detail: await Promise.race([look(), late]) }
  } catch (error) {
    return { name, status: 'failed', detail: error instanceof Error ? error.message : String(error) }
  } finally {
    clearTimeout(timer)
  }
}
