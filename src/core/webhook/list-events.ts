import type { Page, PageRequest } from '../shared/page.ts'
import type { EventSubject, EventSubjects, ReadableEvent } from './event.ts'
import type { EventTopic } from './event-topics.ts'

/** Port: one economy's part of the log. */
export type EventReader = (query: {
  tenantId: string
  economyId: string
  topics: readonly EventTopic[]
  page: PageRequest
}) => Promise<EventPage>

/** A page whose end is a place in the log even where the log ends there: the next call goes on from it. */
export interface EventPage {
  rows: ReadableEvent[]
  /** The place of each row in the log: a page after it begins with the next one. */
  places: string[]
  /** Null: the log is empty. */
  end: string | null
  hasMore: boolean
}

/** An event with what it is about. */
export interface EventWithSubject {
  event: ReadableEvent
  /** Where it stands in the log. */
  place: string
  subject: EventSubject | null
}

/** An economy's events, oldest first unless asked otherwise, and where to go on. */
export async function listEvents(
  deps: { events: EventReader; subjects: EventSubjects },
  query: Parameters<EventReader>[0],
): Promise<Page<EventWithSubject> & { hasMore: boolean }> {
  const page = await deps.events(query)
  const subjects = await deps.subjects.of(page.rows)
  const rows = page.rows.map((event, index) => ({
    event,
    place: page.places[index] ?? '',
    subject: subjects.get(event.id) ?? null,
  }))
  return { rows, nextAfter: page.end, hasMore: page.hasMore }
}
