import { setTimeout as sleep } from 'node:timers/promises'
import { concurrently } from './concurrently.ts'
import type { Stage, StagedEconomy } from './stage.ts'
import type { WirePage, WireTransaction } from '#apps/cli/wire.ts'

/** In the order in which a transaction passes them, so that none slips by between two looks. */
const OPEN_STATUSES = ['queued', 'submitted', 'mined'] as const
const POLL_MS = 500
const ECONOMIES_AT_ONCE = 8

/** An economy in which something is under way: the status that is furthest from the end, and since when. */
export interface OpenEconomy {
  economy: StagedEconomy
  status: (typeof OPEN_STATUSES)[number]
  since: string
}

/**
 * Waits until no transaction of the economies is under way. Asks for one open transaction per economy and status, not for
 * each transaction.
 *
 * @returns the economies that were not done in time.
 */
export async function waitUntilSettled(
  stage: Stage,
  timeoutMs: number,
  onProgress: (done: number, open: readonly OpenEconomy[]) => void,
): Promise<OpenEconomy[]> {
  const deadline = performance.now() + timeoutMs
  let waiting: readonly StagedEconomy[] = stage
  for (;;) {
    const open: OpenEconomy[] = []
    await concurrently(waiting, ECONOMIES_AT_ONCE, async (economy) => {
      const found = await findOpen(economy)
      if (found) open.push(found)
    })
    onProgress(stage.length - open.length, open)
    if (open.length === 0 || performance.now() > deadline) return open
    waiting = open.map(({ economy }) => economy)
    await sleep(POLL_MS)
  }
}

async function findOpen(economy: StagedEconomy): Promise<OpenEconomy | undefined> {
  for (const status of OPEN_STATUSES) {
    const query = { status, limit: 1, order: 'asc' }
    const page = await economy.client.get<WirePage<WireTransaction>>('/v3/transactions', query)
    const [oldest] = page.data
    if (oldest) return { economy, status, since: oldest.created_at }
  }
  return undefined
}
