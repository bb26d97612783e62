import { type EventWithSubject, listEvents } from './list-events.ts'
import type { EventReader } from './list-events.ts'
import type { EventSubjects } from './event.ts'
import type { EventTopic } from './event-topics.ts'

/** Rows of the log that are held in memory at once; whoever takes them slowly makes us read slowly. */
const PAGE = 50
/** Milliseconds before the log is asked again after it could not be read. */
const PAUSE_MS = 1_000
/** Before everything. */
const BEGINNING = '0_00000000-0000-0000-0000-000000000000'

/** A place in one economy's log. */
export interface LogPlace {
  tenantId: string
  economyId: string
  place: string
}

/** Port: tells when something stands in an economy's log after a place. It may ring for nothing. */
export interface EventBell {
  /** Resolves then, or when the signal aborts. */
  wait(at: LogPlace, signal: AbortSignal): Promise<void>
}

/** Port: where an event stands in its economy's log. Null: it is not there, or is kept no longer. */
export type FindEventPlace = (tenantId: string, economyId: string, eventId: string) => Promise<string | null>

interface Deps {
  events: EventReader
  subjects: EventSubjects
  bell: EventBell
  /** The log was out of reach; it is asked again. */
  onFailed(error: unknown): void
}

/**
 * An economy's events after a place, in the order of the log, and then those to come, for as long as the signal lets. Everything
 * is read from the log itself, so nothing is left out whatever else is lost; where the reader is slow, nothing piles up.
 *
 * @param query.after null: from now on
 */
export async function* followEvents(
  deps: Deps,
  query: { tenantId: string; economyId: string; topics: readonly EventTopic[]; after: string | null },
  signal: AbortSignal,
): AsyncGenerator<EventWithSubject, void, undefined> {
  const { tenantId, economyId, topics } = query
  let place = query.after ?? (await endOfLog(deps, query))
  while (!signal.aborted) {
    let page: Awaited<ReturnType<typeof listEvents>>
    try {
      const asked = { limit: PAGE, order: 'asc' as const, after: place }
      page = await listEvents(deps, { tenantId, economyId, topics, page: asked })
    } catch (error) {
      deps.onFailed(error)
      await pause(PAUSE_MS, signal)
      continue
    }
    for (const row of page.rows) {
      if (signal.aborted) return
      yield row
    }
    place = page.nextAfter ?? place
    if (!page.hasMore) await deps.bell.wait({ tenantId, economyId, place }, signal)
  }
}

async function endOfLog(deps: Deps, query: { tenantId: string; economyId: string }): Promise<string> {
  const newest = await deps.events({ ...query, topics: [], page: { limit: 1, order: 'desc' } })
  return newest.end ?? BEGINNING
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    function done() {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done)
  })
}
