import { EconomyNotFound, EconomyStateConflict } from '../economy/errors.ts'
import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { CoinBudgetExceeded, CoinTransferForbidden } from './errors.ts'

/** Wei. One transfer carries less, as in the original. */
export const COIN_TRANSFER_WEI_MAX = 10n ** 20n - 1n
/** Milliseconds in which an economy's budget is counted. */
export const COIN_BUDGET_WINDOW_MS = 24 * 3_600_000
/** Gas. Enough for a wallet that is a contract; what is not used is not paid. */
export const COIN_TRANSFER_GAS = 100_000n

/**
 * Queues a transfer of the utility chain's own coin from the economy's lane to any address; the lane signs and follows it as
 * it does its other calls. An economy sends at most its budget in 24 hours, so that no tenant empties a lane that others share.
 *
 * Atomic: the economy is locked while its budget is counted.
 * @param command.amountWei From 1 to COIN_TRANSFER_WEI_MAX.
 * @throws EconomyNotFound, EconomyStateConflict, CoinTransferForbidden in production, CoinBudgetExceeded
 */
export async function sendCoins(
  deps: { unitOfWork: UnitOfWork; clock: Clock; ids: Ids; budgetWei: bigint },
  command: { actor: Actor; economyId: string; toAddress: string; amountWei: bigint },
): Promise<{ id: string; laneId: string }> {
  const { actor, economyId, toAddress, amountWei } = command
  return deps.unitOfWork(actor.tenantId, async (tx) => {
    const economy = await tx.economies.lock(economyId)
    if (!economy) throw new EconomyNotFound()
    if (economy.environment === 'production') throw new CoinTransferForbidden()
    if (economy.status !== 'active') throw new EconomyStateConflict(economy.status, 'active')
    const since = new Date(deps.clock.now().getTime() - COIN_BUDGET_WINDOW_MS)
    const left = deps.budgetWei - (await tx.economies.coinsSent(economyId, since))
    if (amountWei > left) throw new CoinBudgetExceeded(left > 0n ? left : 0n)
    const id = deps.ids.next()
    await tx.economies.queueCoins({ id, economy, toAddress, amountWei })
    await tx.outbox.append({
      tenantId: actor.tenantId,
      economyId,
      topic: 'coin_transfer.queued',
      subjectId: id,
    })
    await tx.audit.append(
      auditEntry(deps, actor, {
        action: 'economy.coins_sent',
        subjectType: 'economy',
        subjectId: economyId,
        details: { to_address: toAddress, amount_wei: amountWei.toString(), submission_id: id },
      }),
    )
    return { id, laneId: economy.laneId }
  })
}
