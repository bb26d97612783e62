import type { JobDispatcher } from '../outbox/job-dispatcher.ts'
import type { ReadableEvent } from './event.ts'
import type { FannedEvent } from './event-log.ts'
import type { FanOutDeps } from './fan-out-events.ts'
import type { WebhookFormat } from './webhook.ts'

/** Events of the log per step. */
const EVENTS_PER_STEP = 1_000
/** Steps per run; the next run goes on. */
const STEPS_MAX = 50

/** A replay's next events. */
export interface ReplayStep {
  webhookId: string
  format: WebhookFormat
  /** In the range, for the webhook's topics. */
  events: ReadableEvent[]
  /** Every one of them was told in this format before, as itself: its body is kept, and is sent again as it was. */
  areKept: boolean
  /** Where the step began: two workers on one replay do each step once. */
  from: string
  /** Where the next one begins; null: this is the last. */
  to: string | null
}

/** Port: replays under way. */
export interface ReplayLog {
  /** Null: it has ended. */
  readStep(replayId: string, limit: number): Promise<ReplayStep | null>
  /**
   * Queues the events as the replay's scope says, and moves its cursor, in one database transaction.
   * @param told with their bodies; null: those of the step, whose bodies are kept.
   */
  finishStep(replayId: string, step: ReplayStep, told: readonly FannedEvent[] | null): Promise<void>
}

/**
 * Goes on with a replay: queues the events of its range for its webhook again. Events that wait already stay as they are, so
 * that steps and whole replays may be done twice.
 */
export async function replayEvents(
  deps: Pick<FanOutDeps, 'tell'> & {
    replays: ReplayLog
    jobs: Pick<JobDispatcher, 'dispatch'>
  },
  replayId: string,
): Promise<'more' | 'done'> {
  for (let count = 0; count < STEPS_MAX; count += 1) {
    const step = await deps.replays.readStep(replayId, EVENTS_PER_STEP)
    if (!step) return 'done'
    const told = step.areKept ? null : await deps.tell[step.format](step.events)
    await deps.replays.finishStep(replayId, step, told)
    if (step.events.length > 0) await deps.jobs.dispatch([{ name: 'deliver-webhooks', id: step.webhookId }])
    if (step.to === null) return 'done'
  }
  return 'more'
}
