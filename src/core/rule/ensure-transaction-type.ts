import type { Clock, Ids } from '../shared/clock.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import {
  createTransactionType,
  type CreateTransactionType,
  draftTransactionType,
} from './create-transaction-type.ts'
import type { LoadEconomyConfig } from './economy-config.ts'
import { TransactionTypeNameTaken } from './errors.ts'
import type { TransactionType } from './transaction-type.ts'

/** Of the types that are made here: each execution names its amount. */
export const OPEN_TYPE = { amount: null, commission: null, metadata: {} } as const

/**
 * Sees to it that the economy has a transaction type that a surface of the platform executes by its name. An existing one is
 * taken as it is, whoever made it: what it allows is decided when it is executed.
 *
 * @param mayBeMade Asked before one is made, with what it would be. @throws what that throws
 * @throws LimitReached
 */
export async function ensureTransactionType(
  deps: { unitOfWork: UnitOfWork; loadEconomyConfig: LoadEconomyConfig; clock: Clock; ids: Ids },
  command: Omit<CreateTransactionType, keyof typeof OPEN_TYPE>,
  mayBeMade: (draft: TransactionType) => Promise<void>,
): Promise<void> {
  const { actor, economyId, name } = command
  const config = await deps.loadEconomyConfig(actor.tenantId, economyId)
  if (config.typesByName.has(name)) return
  const definition = { ...command, ...OPEN_TYPE }
  await mayBeMade(draftTransactionType(deps, definition))
  try {
    await createTransactionType(deps, definition)
  } catch (error) {
    // Somebody else was faster, which is as good.
    if (!(error instanceof TransactionTypeNameTaken)) throw error
  }
}
