import type { JobDispatcher } from '../outbox/job-dispatcher.ts'
import type { EventSubjects, ReadableEvent, RenderEvent } from './event.ts'
import type { EventLog, FannedEvent, LogSpan, WantedEvent } from './event-log.ts'
import { WEBHOOK_FORMATS, type WebhookFormat } from './webhook.ts'

/** Events of the log per round. */
const EVENTS_PER_ROUND = 2_000
/** Rounds per run; a run that falls behind hands over to the next one. */
const ROUNDS_MAX = 50

/** Port: events as a format tells them, in the same order. One may become several, or none; each id comes once. */
export type TellEvents = (events: readonly ReadableEvent[]) => Promise<FannedEvent[]>

export interface FanOutDeps {
  log: EventLog
  tell: Readonly<Record<WebhookFormat, TellEvents>>
  jobs: Pick<JobDispatcher, 'dispatch'>
}

/**
 * Queues committed state changes for the webhooks that want them. Cursor and queue move in one database transaction, and an
 * event is queued once per webhook, so that any crash or second reader leaves exactly one delivery of each.
 *
 * @returns whether everything was read. @throws when the database cannot be reached; the cursor then stays.
 */
export async function fanOutEvents(deps: FanOutDeps): Promise<{ events: number; caughtUp: boolean }> {
  let events = 0
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const span = await deps.log.readSpan(EVENTS_PER_ROUND)
    if (!span.to) return { events, caughtUp: true }
    const inOrder = await inCausalOrder(deps.log, span)
    const told = await Promise.all(
      WEBHOOK_FORMATS.map((format) =>
        deps.tell[format](inOrder.filter(({ formats }) => formats.includes(format))),
      ),
    )
    const woken = await deps.log.fanOut(span, told.flat())
    if (woken === null) return { events, caughtUp: true }
    // The bell only: what nobody hears is found by the sweeper.
    if (woken.length > 0) await deps.jobs.dispatch(woken.map((id) => ({ name: 'deliver-webhooks', id })))
    events += inOrder.length
    if (span.caughtUp) return { events, caughtUp: true }
  }
  return { events, caughtUp: false }
}

/** Our own format: each event as it is, with what it is about. */
export function createTellEvents(deps: { subjects: EventSubjects; renderEvent: RenderEvent }): TellEvents {
  return async (events) => {
    const subjects = await deps.subjects.of(events)
    return events.map((event) => ({
      tenantId: event.tenantId,
      economyId: event.economyId,
      format: 'v3',
      eventId: event.id,
      topic: event.topic,
      subjectId: event.subjectId,
      createdAt: event.createdAt,
      body: deps.renderEvent(event, subjects.get(event.id) ?? null),
    }))
  }
}

/**
 * The log is in the order in which database transactions began. A lane that began before a transaction was accepted, and
 * signed it after that, stands before the acceptance. Its acceptance is told first then; when the log comes to it, it is known.
 */
async function inCausalOrder(log: EventLog, span: LogSpan): Promise<WantedEvent[]> {
  const untold = new Map((await log.untoldAcceptances(span.events)).map((event) => [event.subjectId, event]))
  const told = new Map<string, WantedEvent>()
  for (const event of span.events) {
    const acceptance = event.topic === 'transaction.submitted' && untold.get(event.subjectId)
    if (acceptance && !told.has(acceptance.id)) told.set(acceptance.id, acceptance)
    if (!told.has(event.id)) told.set(event.id, event)
  }
  return [...told.values()]
}
