import type { Clock, Ids } from '../shared/clock.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { createTransactionType, type CreateTransactionType } from './create-transaction-type.ts'
import type { LoadEconomyConfig } from './economy-config.ts'
import { TransactionTypeNameTaken } from './errors.ts'

/**
 * Sees to it that the economy has a transaction type that a surface of the platform executes by its name. An existing one is
 * taken as it is, whoever made it: what it allows is decided when it is executed.
 *
 * @throws LimitReached
 */
export async function ensureTransactionType(
  deps: { unitOfWork: UnitOfWork; loadEconomyConfig: LoadEconomyConfig; clock: Clock; ids: Ids },
  command: Omit<CreateTransactionType, 'amount' | 'commission' | 'metadata'>,
): Promise<void> {
  const { actor, economyId, name } = command
  const config = await deps.loadEconomyConfig(actor.tenantId, economyId)
  if (config.typesByName.has(name)) return
  try {
    await createTransactionType(deps, { ...command, amount: null, commission: null, metadata: {} })
  } catch (error) {
    // Somebody else was faster, which is as good.
    if (!(error instanceof TransactionTypeNameTaken)) throw error
  }
}
