import type { PricePoint } from '#core/rule/price-point.ts'
import { toWire } from './wire-id.ts'

/** A price point as /v3 shows it. */
export function presentPricePoint(point: PricePoint) {
  return {
    object: 'price_point' as const,
    id: toWire('prc', point.id),
    currency: point.currency,
    price: point.price,
    source: point.source,
    as_of: point.asOf.toISOString(),
    created_at: point.createdAt.toISOString(),
    deviates: point.deviates,
    value_price: point.onChain?.valuePrice ?? null,
    usable_until: point.onChain?.usableUntil.toISOString() ?? null,
    block_number: point.onChain === null ? null : Number(point.onChain.blockNumber),
    block_hash: point.onChain?.blockHash ?? null,
  }
}
