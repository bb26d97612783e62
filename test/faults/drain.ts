import { setTimeout as sleep } from 'node:timers/promises'
import type { Stage } from './stage.ts'

const POLL_MS = 50

/** Of a record `e`: some reader of the log has not come to it, or nobody has ever read. */
export const UNREAD = `(NOT EXISTS (SELECT FROM outbox_cursor)
  OR EXISTS (SELECT FROM outbox_cursor c WHERE (c.xid, c.event_id) < (e.xid, e.last_id)))`

const UNDER_WAY = `
SELECT (SELECT count(*) FROM transaction_state WHERE economy_id = ANY ($1) AND status IN ('queued', 'submitted', 'mined'))
     + (SELECT count(*) FROM chain_submission WHERE economy_id = ANY ($1) AND status IN ('queued', 'signed', 'broadcast', 'mined'))
     + (SELECT count(*) FROM outbox_record e
        WHERE economy_id = ANY ($1) AND ${UNREAD})
     + (SELECT count(*) FROM webhook_delivery WHERE economy_id = ANY ($1) AND status = 'pending')
       AS open`

/** @returns seconds from `since` until nothing was under way; null when something still is at the end of the time. */
export async function drain(stage: Stage, since: number, withinS: number): Promise<number | null> {
  const economies = stage.players.map(({ economyId }) => economyId)
  for (;;) {
    const [row] = await stage.bed.postgres.sql<{ open: string }>(UNDER_WAY, [economies])
    const seconds = (performance.now() - since) / 1_000
    if (row?.open === '0') return seconds
    if (seconds > withinS) return null
    await sleep(POLL_MS)
  }
}
