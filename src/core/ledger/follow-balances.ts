import type { BaseUnits } from '../shared/money.ts'
import { type Balance, type BalanceReader, readBalance } from './read-balance.ts'

/** Milliseconds between two looks at balances that somebody watches. */
const LOOK_INTERVAL_MS = 500

/** Port: a beat that everyone who watches shares, so that what they read falls into one statement. */
export type Beat = (signal: AbortSignal) => Promise<void>

/**
 * The balances of some users as they are now, and each one again whenever it is another: moved by our transactions or from
 * outside. What was missed while nobody watched is in the first ones, so there is nothing to catch up on.
 *
 * @throws UserNotFound
 */
export async function* followBalances(
  deps: { balanceReader: BalanceReader; beat: Beat; onFailed(error: unknown): void },
  query: { tenantId: string; economyId: string; userIds: readonly string[] },
  signal: AbortSignal,
): AsyncGenerator<Balance & { available: BaseUnits }, void, undefined> {
  const { tenantId, economyId, userIds } = query
  const told = new Map<string, string>()
  const readAll = () =>
    Promise.all(userIds.map((userId) => readBalance(deps, { tenantId, economyId, userId })))
  let balances = await readAll()
  while (!signal.aborted) {
    for (const balance of balances) {
      const now = `${balance.settled} ${balance.held} ${balance.pendingIn}`
      if (told.get(balance.userId) === now) continue
      told.set(balance.userId, now)
      yield balance
    }
    await deps.beat(signal)
    try {
      balances = await readAll()
    } catch (error) {
      deps.onFailed(error)
      balances = []
    }
  }
}

/** A beat for everyone in this process. While nobody waits it stands still. */
export function createBeat(): Beat {
  let next: Promise<void> | null = null
  return (signal) => {
    next ??= new Promise((resolve) =>
      setTimeout(() => {
        next = null
        resolve()
      }, LOOK_INTERVAL_MS),
    )
    if (signal.aborted) return Promise.resolve()
    const aborted = new Promise<void>((resolve) =>
      signal.addEventListener('abort', () => resolve(), { once: true }),
    )
    return Promise.race([next, aborted])
  }
}
