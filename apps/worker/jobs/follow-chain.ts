import type { JobHandler } from '#adapters/bullmq/workers.ts'
import { confirmBlocks } from '#core/transaction/confirm-blocks.ts'
import { type FollowDeps, followChain } from '#core/transaction/follow-chain.ts'

/**
 * Settles a chain's new blocks and confirms what is final by depth.
 *
 * @param afterBlocks Told when blocks were settled or taken back: lanes that waited for one, deployments and airdrops go on.
 */
export function followChainJob(deps: FollowDeps & { afterBlocks: () => Promise<void> }): JobHandler {
  return async (id) => {
    const chainId = Number(id)
    const followed = await followChain(deps, chainId)
    const confirmed = await confirmBlocks(deps, chainId)
    if (followed.settledBlocks + followed.reversedBlocks > 0) await deps.afterBlocks()
    return followed.status === 'behind' || !confirmed.isComplete ? 'again' : undefined
  }
}
