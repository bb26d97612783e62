import { expect } from 'vitest'

/**
 * Waits until every event that is written can be read. The horizon is the whole server's: a transaction of another test file's database
 * may hold it back for a moment (docs/adr/0005).
 */
export async function untilEventsAreReadable(
  sql: (text: string) => Promise<readonly Record<string, unknown>[]>,
): Promise<void> {
  await expect
    .poll(async () => sql(UNREADABLE), { timeout: 30_000, message: 'the horizon of events stands still' })
    .toEqual([])
}

const UNREADABLE = `
SELECT max(xid) AS xid FROM outbox_record HAVING max(xid) >= (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint`
