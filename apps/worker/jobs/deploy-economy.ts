import type { JobHandler } from '#adapters/bullmq/workers.ts'
import { type DeployEconomyDeps, deployEconomy } from '#core/economy/deploy-economy.ts'

/** Takes a deployment one step further; while it waits for a block, the sweeper brings it back. */
export function deployEconomyJob(deps: DeployEconomyDeps): JobHandler {
  return async (economyId) => {
    await deployEconomy(deps, economyId)
  }
}
