import { deviatesFrom } from '../rule/deviates-from.ts'
import type { OracleRecord, PricerLimits } from './price-oracle.ts'

/** Hundredths of a percent. A price that moved less waits until the old one has to be renewed anyway. */
const MOVE_BPS = 50

/** Why a price is to be put on the chain; null: what is there will do. */
export type ReportReason = 'first' | 'moved' | 'confirms a jump' | 'renewal'

/**
 * Whether an observed price is worth a transaction: the oracle has none, it moved, what is there is a jump that a second price
 * has to confirm, or half of the time is over for which it is used. A price that is no newer would be refused there.
 */
export function decideReport(
  observed: { price: string; observedAt: Date },
  known: OracleRecord | null,
  { maxAgeMs, deviationBpsMax }: PricerLimits,
  now: Date,
): ReportReason | null {
  if (known === null) return 'first'
  if (observed.observedAt <= known.observedAt) return null
  if (deviatesFrom(observed.price, known.price, MOVE_BPS)) return 'moved'
  const { previousPrice } = known
  if (previousPrice !== null && deviatesFrom(known.price, previousPrice, deviationBpsMax))
    return 'confirms a jump'
  const usableUntilMs = Math.min(known.observedAt.getTime() + maxAgeMs, known.expiresAt.getTime())
  const isHalfOver =
    now.getTime() - known.observedAt.getTime() >= (usableUntilMs - known.observedAt.getTime()) / 2
  return isHalfOver ? 'renewal' : null
}
