import type { JobHandler } from '#adapters/bullmq/workers.ts'
import { type RunAirdropDeps, runAirdrop } from '#core/airdrop/run-airdrop.ts'

/** Turns the next recipients of an airdrop into transactions. */
export function runAirdropJob(deps: RunAirdropDeps): JobHandler {
  return async (airdropId) => ((await runAirdrop(deps, airdropId)) === 'more' ? 'again' : undefined)
}
