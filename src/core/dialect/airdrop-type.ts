import type { LoadEconomyConfig } from '../rule/economy-config.ts'
import { createTransactionType } from '../rule/create-transaction-type.ts'
import { TransactionTypeNameTaken } from '../rule/errors.ts'
import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import type { UnitOfWork } from '../unit-of-work.ts'

/** Name of the type by which a dialect's airdrops are paid. The dialects do not list it. */
export const AIRDROP_TYPE_NAME = 'OST airdrop'

/**
 * Makes sure that the economy has the type by which a dialect's airdrops are paid; there, an airdrop names an amount and no type.
 * May run any number of times and at once.
 */
export async function ensureAirdropType(
  deps: { unitOfWork: UnitOfWork; loadEconomyConfig: LoadEconomyConfig; clock: Clock; ids: Ids },
  command: { actor: Actor; economyId: string },
): Promise<void> {
  const { actor, economyId } = command
  const { typesByName } = await deps.loadEconomyConfig(actor.tenantId, economyId)
  if (typesByName.has(AIRDROP_TYPE_NAME)) return
  try {
    await createTransactionType(deps, {
      actor,
      economyId,
      name: AIRDROP_TYPE_NAME,
      kind: 'company_to_user',
      currency: 'token',
      amount: null,
      commission: null,
      metadata: {},
    })
  } catch (error) {
    // Somebody else made it in the meantime.
    if (!(error instanceof TransactionTypeNameTaken)) throw error
  }
}
