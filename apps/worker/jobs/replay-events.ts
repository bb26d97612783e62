import type { JobHandler } from '#adapters/bullmq/workers.ts'
import { replayEvents } from '#core/webhook/replay-events.ts'

/** Goes on with a replay of events to a webhook. */
export function replayEventsJob(deps: Parameters<typeof replayEvents>[0]): JobHandler {
  return async (replayId) => ((await replayEvents(deps, replayId)) === 'more' ? 'again' : undefined)
}
