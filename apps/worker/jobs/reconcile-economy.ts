import type { JobHandler } from '#adapters/bullmq/workers.ts'
import { type ReconcileDeps, reconcileEconomy } from '#core/ledger/reconcile-economy.ts'

/** Compares an economy's ledger with its chain; a difference raises an alarm. */
export function reconcileEconomyJob(deps: ReconcileDeps): JobHandler {
  return async (economyId) => {
    await reconcileEconomy(deps, economyId)
  }
}
