import type { EventBell, FindEventPlace, LogPlace } from '#core/webhook/follow-events.ts'
import type { Database } from './database.ts'
import { IS_COMPLETE } from './webhook-event-row.ts'

/** Milliseconds between two looks; one statement serves everyone who waits in this process. */
const LOOK_INTERVAL_MS = 200

interface Waiter extends LogPlace {
  ring(): void
}

/**
 * Looks into the log for everyone who waits, whatever their economies, by one statement along the log's index. It needs no
 * message from anybody, so there is none that could be lost. While nobody waits it does nothing.
 */
export function createEventBell(database: Pick<Database, 'rawByKeys'>): EventBell {
  const waiters = new Set<Waiter>()
  let isLooking = false

  async function look(): Promise<void> {
    isLooking = true
    while (waiters.size > 0) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS))
      const asked = [...waiters]
      // A failed look is no loss: the next one is due in a moment and finds the same.
      const rung = await findMoved(database, asked).catch(() => [])
      for (const waiter of rung) waiter.ring()
    }
    isLooking = false
  }

  return {
    wait: (at, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve()
        const ring = () => {
          waiters.delete(waiter)
          signal.removeEventListener('abort', ring)
          resolve()
        }
        const waiter: Waiter = { ...at, ring }
        waiters.add(waiter)
        signal.addEventListener('abort', ring)
        if (!isLooking) void look()
      }),
  }
}

async function findMoved(
  database: Pick<Database, 'rawByKeys'>,
  waiters: readonly Waiter[],
): Promise<Waiter[]> {
  const places = waiters.map(({ place }) => place.split('_'))
  return database.rawByKeys([...new Set(waiters.map(({ tenantId }) => tenantId))], async (client) => {
    const { rows } = await client.query<{ n: string }>({
      name: 'event_bell',
      text: `SELECT w.n FROM unnest($1::uuid[], $2::bigint[], $3::uuid[]) WITH ORDINALITY AS w (economy_id, xid, id, n)
             WHERE EXISTS (SELECT FROM outbox_record o
                           WHERE o.economy_id = w.economy_id AND (o.xid, o.last_id) > (w.xid, w.id) AND ${IS_COMPLETE})`,
      values: [
        waiters.map(({ economyId }) => economyId),
        places.map(([xid]) => xid),
        places.map(([, id]) => id),
      ],
    })
    return rows.flatMap(({ n }) => waiters[Number(n) - 1] ?? [])
  })
}

/** Finds an event's place along the index of its economy's part of the log. */
export function createFindEventPlace(database: Pick<Database, 'read'>): FindEventPlace {
  return async (tenantId, economyId, eventId) => {
    const [row] = await database.read<{ xid: string }>(
      tenantId,
      'find_event_place',
      `SELECT xid::text FROM outbox_record WHERE economy_id = $1 AND last_id >= $2 AND $2 = ANY (event_ids) LIMIT 1`,
      [economyId, eventId],
    )
    return row ? `${row.xid}_${eventId}` : null
  }
}
