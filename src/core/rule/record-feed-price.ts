import type { Clock, Ids } from '../shared/clock.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { trimZeros } from './currency.ts'
import { deviatesFrom } from './deviates-from.ts'
import { isPrice, type PricePoint } from './price-point.ts'
import type { PriceFeed, QuotedPrice } from './price-feed.ts'

/** An economy that takes prices from feeds. */
export interface FedEconomy {
  tenantId: string
  economyId: string
}

/** Port: the active economies of all tenants, for the worker. */
export type ListFedEconomies = () => Promise<FedEconomy[]>

export interface RecordFeedPriceDeps {
  unitOfWork: UnitOfWork
  listFedEconomies: ListFedEconomies
  clock: Clock
  ids: Ids
  /** An unchanged price is recorded again when the last point is this old, well before it counts as stale. */
  refreshMs: number
  /** Hundredths of a percent: a price further than this from the one before waits for a second one. */
  deviationBpsMax: number
}

/**
 * Asks a feed once and records the price for the economies it serves. An unchanged price is not recorded again until it needs
 * refreshing, so caches of configurations stay warm; a jump is, to confirm it. Where the chain gives the price, a feed does not. May run twice at once: the second point says the same.
 *
 * @returns the points recorded
 * @throws Error when the feed gives no price; what was recorded before stays, and goes stale in time
 */
export async function recordFeedPrice(deps: RecordFeedPriceDeps, feed: PriceFeed): Promise<PricePoint[]> {
  const quoted = await feed.quote()
  if (!isPrice(quoted.price))
    throw new Error(`price feed ${feed.name} answered "${quoted.price}", which is no price`)
  const economies = await deps.listFedEconomies()
  const recorded: PricePoint[] = []
  for (const economy of economies) {
    if (feed.economyId !== null && feed.economyId !== economy.economyId) continue
    const point = await record(deps, economy, quoted)
    if (point) recorded.push(point)
  }
  return recorded
}

async function record(
  deps: RecordFeedPriceDeps,
  { tenantId, economyId }: FedEconomy,
  quoted: QuotedPrice,
): Promise<PricePoint | null> {
  const now = deps.clock.now()
  const asOf = quoted.asOf && quoted.asOf < now ? quoted.asOf : now
  const price = trimZeros(quoted.price)
  return deps.unitOfWork(tenantId, async (tx) => {
    const latest = (await tx.prices.latest(economyId)).find((point) => point.currency === quoted.currency)
    if (latest && (latest.asOf >= asOf || latest.source === 'chain')) return null
    const isFresh = latest !== undefined && asOf.getTime() - latest.asOf.getTime() < deps.refreshMs
    if (isFresh && latest.price === price && !latest.deviates) return null
    const { currency } = quoted
    const point: PricePoint = {
      id: deps.ids.next(),
      tenantId,
      economyId,
      currency,
      price,
      source: 'feed',
      asOf,
      createdAt: now,
      deviates: latest !== undefined && deviatesFrom(price, latest.price, deps.deviationBpsMax),
      onChain: null,
    }
    await tx.prices.insert(point)
    await tx.outbox.append({ tenantId, economyId, topic: 'price_point.created', subjectId: point.id })
    return point
  })
}
