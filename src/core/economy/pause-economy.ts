import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { changeEconomyStatus } from './change-economy-status.ts'
import type { Economy } from './economy.ts'

/**
 * Stops an economy from accepting transactions. What was accepted before still goes to the chain and settles.
 *
 * @throws EconomyNotFound
 * @throws EconomyStateConflict unless the economy is active (or paused already)
 */
export async function pauseEconomy(
  deps: { unitOfWork: UnitOfWork; clock: Clock; ids: Ids },
  command: { actor: Actor; economyId: string },
): Promise<Economy> {
  const { actor, economyId } = command
  return deps.unitOfWork(actor.tenantId, (tx) =>
    changeEconomyStatus(deps, tx, actor, {
      economyId,
      from: 'active',
      to: 'paused',
      action: 'economy.paused',
      topic: 'economy.paused',
    }),
  )
}
