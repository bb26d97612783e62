import type { BaseUnits } from '../shared/money.ts'
import { UserNotFound } from '../user/errors.ts'

/** A user's balance, in base units. */
export interface Balance {
  userId: string
  /** What the chain says. */
  settled: BaseUnits
  /** Reserved by the user's own transactions under way. */
  held: BaseUnits
  /** On its way to the user, not there yet. */
  pendingIn: BaseUnits
  token: { symbol: string; decimals: number }
  updatedAt: Date
}

/** Port: reads one balance, the hottest read there is. Null: the economy has no such user. */
export type BalanceReader = (tenantId: string, economyId: string, userId: string) => Promise<Balance | null>

/** A user's balance as of now. `available` is settled − held: what a transaction may move. @throws UserNotFound */
export async function readBalance(
  deps: { balanceReader: BalanceReader },
  query: { tenantId: string; economyId: string; userId: string },
): Promise<Balance & { available: BaseUnits }> {
  const balance = await deps.balanceReader(query.tenantId, query.economyId, query.userId)
  if (!balance) throw new UserNotFound()
  return { ...balance, available: balance.settled - balance.held }
}
