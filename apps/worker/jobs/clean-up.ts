import type { JobHandler } from '#adapters/bullmq/workers.ts'
import { cleanUp } from '#core/outbox/clean-up.ts'
import type { Observer } from '#core/shared/observer.ts'

/** Deletes what has outlived its retention. */
export function cleanUpJob(deps: Parameters<typeof cleanUp>[0] & { observer: Observer }): JobHandler {
  return async () => {
    const deleted = await cleanUp(deps)
    if (Object.values(deleted).some((count) => count > 0))
      deps.observer.log('info', 'clean_up.done', { ...deleted })
  }
}
