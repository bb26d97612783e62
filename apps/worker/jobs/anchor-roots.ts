import type { JobHandler } from '#adapters/bullmq/workers.ts'
import { type AnchorDeps, anchorRoots } from '#core/gateway/anchor-roots.ts'

/** Brings the other chain's newest final root to a chain's anchor, when one is wanted. */
export function anchorRootsJob(deps: AnchorDeps): JobHandler {
  return async (chainId) => {
    await anchorRoots(deps, Number(chainId))
  }
}
