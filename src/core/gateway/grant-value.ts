import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import type { BaseUnits } from '../shared/money.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { EconomyNotBacked, FaucetExhausted, FaucetNotAvailable, InvalidMessageAmount } from './errors.ts'
import type { GatewayCalls } from './gateway-calls.ts'

/** Base units of the value token in one grant: ten thousand whole OST. */
export const VALUE_GRANT_MAX: BaseUnits = 10_000n * 10n ** 18n
/** Wei that come with each grant: some hundred transactions of a staker's own. */
export const VALUE_GAS_WEI = 10n ** 16n
/** Grants in 24 hours. */
export const GRANTS_PER_ADDRESS_MAX = 3
export const GRANTS_PER_TENANT_MAX = 20
const WINDOW_MS = 24 * 3_600_000

/** A grant on its way to the value chain. */
export interface QueuedValueGrant {
  id: string
  economyId: string
  chainId: number
  token: string
  laneId: string
  address: string
  amount: BaseUnits
  gasWei: bigint
  createdAt: Date
}

/**
 * Queues a grant of a sandbox's value tokens to any address, with coin for its gas, so that stakes can be tried out. The lane signs
 * and follows both as it does its other calls.
 *
 * Atomic: both or neither; a tenant's grants are counted one after the other.
 * @throws EconomyNotBacked, FaucetNotAvailable where the value token is a real one, FaucetExhausted, InvalidMessageAmount
 */
export async function grantValue(
  deps: { unitOfWork: UnitOfWork; gatewayCalls: Pick<GatewayCalls, 'grantCall'>; clock: Clock; ids: Ids },
  command: { actor: Actor; economyId: string; address: string; amount: BaseUnits },
): Promise<QueuedValueGrant> {
  const { actor, economyId, address, amount } = command
  return deps.unitOfWork(actor.tenantId, async (tx) => {
    const backing = await tx.backings.find(economyId)
    if (!backing) throw new EconomyNotBacked()
    const faucet = await tx.valueFaucet.find(backing.valueChainId)
    if (!faucet) throw new FaucetNotAvailable()
    if (amount < 1n || amount > VALUE_GRANT_MAX)
      throw new InvalidMessageAmount('/amount', `must be from 1 to ${VALUE_GRANT_MAX} base units`)
    const at = deps.clock.now()
    const had = await tx.valueFaucet.lockAndCount(faucet.chainId, address, new Date(at.getTime() - WINDOW_MS))
    if (had.toAddress >= GRANTS_PER_ADDRESS_MAX) throw new FaucetExhausted('address', GRANTS_PER_ADDRESS_MAX)
    if (had.ofTenant >= GRANTS_PER_TENANT_MAX) throw new FaucetExhausted('tenant', GRANTS_PER_TENANT_MAX)
    const id = deps.ids.next()
    const call = deps.gatewayCalls.grantCall(faucet.token, address, amount)
    const queued = { id, gasId: deps.ids.next(), economyId, faucet, call, address, gasWei: VALUE_GAS_WEI, at }
    await tx.valueFaucet.queue(queued)
    await tx.audit.append(
      auditEntry(deps, actor, {
        action: 'economy.value_granted',
        subjectType: 'economy',
        subjectId: economyId,
        details: { address, amount: amount.toString(), submission_id: id },
      }),
    )
    const { chainId, token, laneId } = faucet
    return { id, economyId, chainId, token, laneId, address, amount, gasWei: VALUE_GAS_WEI, createdAt: at }
  })
}
