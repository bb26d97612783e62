/** Fees of an EIP-1559 transaction, wei per gas. */
export interface Fees {
  maxFeePerGas: bigint
  maxPriorityFeePerGas: bigint
}

/** What a chain charges now, wei per gas. */
export interface FeeMarket {
  baseFeePerGas: bigint
  priorityFeePerGas: bigint
}

/** Base fees the offer covers: it stays good while the base fee doubles, six full blocks in a row. @see EIP-1559 */
const BASE_FEE_FACTOR = 2n
/** A replacement must be at least this much dearer, on both fees: 12.5 %, the strictest of the common nodes. */
const BUMP_NUMERATOR = 9n
const BUMP_DENOMINATOR = 8n

/**
 * What to offer now: 2 × base fee + tip, at most `cap`. Null when even inclusion in the next block costs more than the cap:
 * then wait and ask again. The cap delays and never pins.
 */
export function feesFor(market: FeeMarket, cap: bigint | null): Fees | null {
  const tip = market.priorityFeePerGas
  const needed = market.baseFeePerGas + tip
  if (cap !== null && needed > cap) return null
  const wanted = market.baseFeePerGas * BASE_FEE_FACTOR + tip
  return { maxFeePerGas: cap !== null && wanted > cap ? cap : wanted, maxPriorityFeePerGas: tip }
}

/**
 * What to offer for the same nonce instead of `offered`: the price of now, and at least 12.5 % more on both fees. Null when
 * that is above `cap`: the earlier offer stands until the market comes back to it.
 */
export function bumpedFees(offered: Fees, market: FeeMarket, cap: bigint | null): Fees | null {
  const tip = larger(market.priorityFeePerGas, raised(offered.maxPriorityFeePerGas))
  const least = larger(raised(offered.maxFeePerGas), tip)
  if (cap !== null && least > cap) return null
  const wanted = larger(least, market.baseFeePerGas * BASE_FEE_FACTOR + tip)
  return { maxFeePerGas: cap !== null && wanted > cap ? cap : wanted, maxPriorityFeePerGas: tip }
}

/** Whether an offer can enter a block at the present base fee. */
export function coversBaseFee(offered: Fees, market: FeeMarket): boolean {
  return offered.maxFeePerGas >= market.baseFeePerGas
}

/** Rounded up, and by at least one wei. */
function raised(fee: bigint): bigint {
  const more = (fee * BUMP_NUMERATOR + BUMP_DENOMINATOR - 1n) / BUMP_DENOMINATOR
  return more > fee ? more : fee + 1n
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
