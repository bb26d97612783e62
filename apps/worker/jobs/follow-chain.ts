import type { JobHandler } from '#adapters/bullmq/workers.ts'
import { confirmBlocks } from '#core/transaction/confirm-blocks.ts'
import { type FollowDeps, followChain } from '#core/transaction/follow-chain.ts'

/**
 * Told after each look at a chain.
 *
 * @param at When the look began, by `performance.now()`.
 * @param hasNewBlocks Blocks were settled or taken back: lanes that waited for one, deployments and airdrops go on.
 */
export type ChainWatcher = (chainId: number, at: number, hasNewBlocks: boolean) => Promise<void>

/** Settles a chain's new blocks and confirms what is final by depth. */
export function followChainJob(deps: FollowDeps & { afterLook: ChainWatcher }): JobHandler {
  return async (id) => {
    const chainId = Number(id)
    const at = performance.now()
    const followed = await followChain(deps, chainId)
    const confirmed = await confirmBlocks(deps, chainId)
    await deps.afterLook(chainId, at, followed.settledBlocks + followed.reversedBlocks > 0)
    return followed.status === 'behind' || !confirmed.isComplete ? 'again' : undefined
  }
}
