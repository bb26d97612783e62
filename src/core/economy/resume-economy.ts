import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { changeEconomyStatus } from './change-economy-status.ts'
import type { Economy } from './economy.ts'

/**
 * Lets a paused economy accept transactions again.
 *
 * @throws EconomyNotFound
 * @throws EconomyStateConflict unless the economy is paused (or active already)
 */
export async function resumeEconomy(
  deps: { unitOfWork: UnitOfWork; clock: Clock; ids: Ids },
  command: { actor: Actor; economyId: string },
): Promise<Economy> {
  const { actor, economyId } = command
  return deps.unitOfWork(actor.tenantId, (tx) =>
    changeEconomyStatus(deps, tx, actor, {
      economyId,
      from: 'paused',
      to: 'active',
      action: 'economy.resumed',
      topic: 'economy.resumed',
    }),
  )
}
