import type { JobHandler } from '#adapters/bullmq/workers.ts'
import { relayOutbox } from '#core/outbox/relay-outbox.ts'

/** Turns committed state changes into jobs. */
export function relayOutboxJob(deps: Parameters<typeof relayOutbox>[0]): JobHandler {
  return async () => ((await relayOutbox(deps)).caughtUp ? undefined : 'again')
}
