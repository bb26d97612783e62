import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import { type FieldError, InvalidRequest } from '../shared/errors.ts'
import { auditEntry } from '../tenant/audit-entry.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { type FiatCurrency, trimZeros } from './currency.ts'
import { PriceFromChain } from './errors.ts'
import { isPrice, type PricePoint } from './price-point.ts'

/** A caller's clock may be this much ahead of ours; a price of a later moment would stand as the latest for too long. */
const CLOCK_SKEW_MS_MAX = 60_000

export interface RecordPrice {
  actor: Actor
  economyId: string
  currency: FiatCurrency
  /** Fiat per whole token. */
  price: string
  /** The moment the price is of; now, when absent. */
  asOf?: Date
}

/**
 * Records what one whole token is worth. The price of the latest moment is the one that amounts are converted at, so a price
 * of the past can be added without changing the present.
 *
 * @throws InvalidRequest on a price that is no positive decimal, or of a moment to come
 * @throws PriceFromChain where the chain's oracle gives the price
 */
export async function recordPrice(
  deps: { unitOfWork: UnitOfWork; clock: Clock; ids: Ids },
  command: RecordPrice,
): Promise<PricePoint> {
  const { actor, economyId, currency, price } = command
  const now = deps.clock.now()
  const asOf = command.asOf ?? now
  refuseInvalid(price, asOf, now)
  const point: PricePoint = {
    id: deps.ids.next(),
    tenantId: actor.tenantId,
    economyId,
    currency,
    price: trimZeros(price),
    source: 'admin',
    asOf,
    createdAt: now,
    // The tenant says so itself, and it is in its audit log: no second look is asked for.
    deviates: false,
    onChain: null,
  }
  await deps.unitOfWork(actor.tenantId, async (tx) => {
    const inForce = await tx.prices.latest(economyId)
    if (inForce.some((one) => one.currency === currency && one.source === 'chain'))
      throw new PriceFromChain(currency)
    await tx.prices.insert(point)
    await tx.outbox.append({
      tenantId: actor.tenantId,
      economyId,
      topic: 'price_point.created',
      subjectId: point.id,
    })
    await tx.audit.append(
      auditEntry(deps, actor, {
        action: 'price_point.created',
        subjectType: 'price_point',
        subjectId: point.id,
        details: { currency, price: point.price, as_of: asOf.toISOString() },
      }),
    )
  })
  return point
}

function refuseInvalid(price: string, asOf: Date, now: Date): void {
  const fields: FieldError[] = []
  if (!isPrice(price)) {
    fields.push({
      pointer: '/price',
      detail: 'must be a decimal number above 0 with at most 18 places, such as "0.25"',
    })
  }
  if (asOf.getTime() > now.getTime() + CLOCK_SKEW_MS_MAX) {
    fields.push({ pointer: '/as_of', detail: 'is in the future' })
  }
  if (fields.length > 0) throw new InvalidRequest(fields)
}
