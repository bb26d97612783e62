import type { JobHandler } from '#adapters/bullmq/workers.ts'
import { type FanOutDeps, fanOutEvents } from '#core/webhook/fan-out-events.ts'

/** Queues committed state changes for the webhooks that want them. */
export function fanOutEventsJob(deps: FanOutDeps): JobHandler {
  return async () => ((await fanOutEvents(deps)).caughtUp ? undefined : 'again')
}
