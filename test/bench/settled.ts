import { setTimeout as sleep } from 'node:timers/promises'
import type { Platform } from './platform.ts'

const POLL_MS = 50
/** Nothing is measured meanwhile. */
const QUIET_POLL_MS = 250
const TIMEOUT_MS = 300_000

/** A submission is mined in the database transaction that settles its payments: so this is exact, and a few index probes. */
const IS_OPEN = `
SELECT EXISTS (
  SELECT FROM unnest($1::uuid[]) AS wanted(id) JOIN economy e ON e.id = wanted.id
  WHERE EXISTS (SELECT FROM queued_transaction o WHERE o.economy_id = e.id)
     OR EXISTS (SELECT FROM chain_submission s
                WHERE s.lane_id = e.lane_id AND s.economy_id = e.id AND s.status IN ('signed', 'broadcast'))
) AS is_open`

/**
 * Waits until the ledger has settled every transaction of the economies: until none is queued or on its way.
 * @throws after five minutes, and when one has failed: then the figures would be of something else.
 */
export async function waitUntilSettled(platform: Platform, economyIds: readonly string[]): Promise<void> {
  await waitUntilNot(platform, IS_OPEN, economyIds, POLL_MS)
  const [failed] = await platform.sql<{ failure_code: string; count: number }>(
    `SELECT failure_code, count(*)::int FROM transaction
     WHERE economy_id = ANY ($1::uuid[]) AND failure_code IS NOT NULL GROUP BY 1`,
    [economyIds],
  )
  if (failed) throw new Error(`${failed.count} transactions failed: ${failed.failure_code}`)
}

/** Waits until everything is confirmed as well, so that nothing of one measurement is left for the next. */
export async function waitUntilQuiet(platform: Platform, economyIds: readonly string[]): Promise<void> {
  const isOpen = `
    SELECT EXISTS (SELECT FROM queued_transaction WHERE economy_id = ANY ($1::uuid[]))
        OR EXISTS (SELECT FROM chain_submission
                   WHERE economy_id = ANY ($1::uuid[]) AND kind = 'transfer_batch' AND status IN ('signed', 'broadcast', 'mined')) AS is_open`
  await waitUntilNot(platform, isOpen, economyIds, QUIET_POLL_MS)
}

async function waitUntilNot(
  platform: Platform,
  question: string,
  economyIds: readonly string[],
  pollMs: number,
): Promise<void> {
  const deadline = performance.now() + TIMEOUT_MS
  for (;;) {
    const [row] = await platform.sql<{ is_open: boolean }>(question, [economyIds])
    if (row?.is_open === false) return
    if (performance.now() > deadline) throw new Error('the ledger is not done after five minutes')
    await sleep(pollMs)
  }
}
