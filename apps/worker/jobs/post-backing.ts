import type { JobHandler } from '#adapters/bullmq/workers.ts'
import { postBacking, type PostBackingDeps } from '#core/gateway/post-backing.ts'

/** Posts what the gateways did with an economy, up to the newest final blocks. */
export function postBackingJob(deps: PostBackingDeps): JobHandler {
  return async (economyId) => {
    await postBacking(deps, economyId)
  }
}
