import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { changeEconomyStatus } from './change-economy-status.ts'
import type { Economy } from './economy.ts'

/**
 * Takes up a failed deployment where it stopped: finished steps stay finished, failed ones run again.
 *
 * @throws EconomyNotFound
 * @throws EconomyStateConflict unless the economy is failed (or deploying already)
 */
export async function retryEconomy(
  deps: { unitOfWork: UnitOfWork; clock: Clock; ids: Ids },
  command: { actor: Actor; economyId: string },
): Promise<Economy> {
  const { actor, economyId } = command
  return deps.unitOfWork(actor.tenantId, async (tx) => {
    const economy = await changeEconomyStatus(deps, tx, actor, {
      economyId,
      from: 'failed',
      to: 'deploying',
      action: 'economy.retried',
      topic: 'economy.updated',
    })
    await tx.economies.reopenSteps(economyId)
    return (await tx.economies.find(economyId)) ?? economy
  })
}
