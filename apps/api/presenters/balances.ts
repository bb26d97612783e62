import type { Balance } from '#core/ledger/read-balance.ts'
import { toWire } from './wire-id.ts'

/** A balance as /v3 shows it. Amounts are decimal strings of base units. */
export function presentBalance(balance: Balance & { available: bigint }) {
  const settled = balance.settled.toString()
  return {
    object: 'balance' as const,
    user_id: toWire('usr', balance.userId),
    settled,
    held: balance.held.toString(),
    // Mostly the same number: to write one down takes as long as to read it.
    available: balance.available === balance.settled ? settled : balance.available.toString(),
    pending_in: balance.pendingIn.toString(),
    token: balance.token,
    updated_at: balance.updatedAt.toISOString(),
  }
}
