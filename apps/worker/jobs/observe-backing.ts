import type { JobHandler } from '#adapters/bullmq/workers.ts'
import { type ObserveDeps, observeBacking } from '#core/gateway/observe-backing.ts'

/** Reads what backs an economy's token, at final blocks of both chains. */
export function observeBackingJob(deps: ObserveDeps): JobHandler {
  return async (economyId) => {
    await observeBacking(deps, economyId)
  }
}
