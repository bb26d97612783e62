import { FIAT_CURRENCIES, trimZeros } from '../rule/currency.ts'
import { deviatesFrom, toScale } from '../rule/deviates-from.ts'
import { isPrice, type PricePoint } from '../rule/price-point.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import type { Observer } from '../shared/observer.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type {
  BlockAt,
  OracleChain,
  OracleReader,
  OracleRecord,
  ReportStore,
  TokenRate,
} from './price-oracle.ts'

export interface ReadPricesDeps {
  oracle: OracleReader
  reports: Pick<ReportStore, 'chains' | 'economies'>
  unitOfWork: UnitOfWork
  clock: Clock
  ids: Ids
  observer: Observer
  /** Moment of the last price recorded, by economy and currency: spares Postgres what has not changed. May be lost. */
  recorded: Map<string, number>
}

/**
 * Reads what each oracle has at a block that is final, and records it as the price point of every economy whose token is backed by
 * that value token. May run twice at once: the economy is locked, and a price is recorded once.
 * @returns how many points were recorded
 */
export async function readPrices(deps: ReadPricesDeps, signal?: AbortSignal): Promise<number> {
  let recorded = 0
  for (const chain of await deps.reports.chains()) {
    const economies = await deps.reports.economies(chain.chainId)
    const rates = await deps.oracle.rates(
      chain,
      economies.map(({ token }) => token),
    )
    const block = await deps.oracle.finalBlock(chain)
    const limits = await deps.oracle.limits(chain)
    for (const asset of new Set([...rates.values()].map((rate) => rate.asset))) {
      for (const currency of FIAT_CURRENCIES) {
        if (signal?.aborted) return recorded
        const record = await deps.oracle.latest(chain, { asset, currency }, block)
        if (!record) continue
        for (const economy of economies) {
          const rate = rates.get(economy.token)
          if (rate?.asset !== asset) continue
          const point = pointOf(deps, { ...economy, currency }, rate, record, block, limits)
          if (await recordOnce(deps, chain, point)) recorded += 1
        }
      }
    }
  }
  return recorded
}

function pointOf(
  deps: Pick<ReadPricesDeps, 'clock' | 'ids'>,
  of: Pick<PricePoint, 'tenantId' | 'economyId' | 'currency'>,
  { rate, rateDecimals }: TokenRate,
  record: OracleRecord,
  block: BlockAt,
  { maxAgeMs, deviationBpsMax }: { maxAgeMs: number; deviationBpsMax: number },
): PricePoint {
  const { price, previousPrice, observedAt, expiresAt } = record
  return {
    id: deps.ids.next(),
    tenantId: of.tenantId,
    economyId: of.economyId,
    currency: of.currency,
    price: tokenPriceUp(price, rate, rateDecimals),
    source: 'chain',
    asOf: observedAt,
    createdAt: deps.clock.now(),
    deviates: previousPrice !== null && deviatesFrom(price, previousPrice, deviationBpsMax),
    onChain: {
      valuePrice: price,
      rate,
      rateDecimals,
      usableUntil: new Date(Math.min(expiresAt.getTime(), observedAt.getTime() + maxAgeMs)),
      blockNumber: block.number,
      blockHash: block.hash,
    },
  }
}

async function recordOnce(deps: ReadPricesDeps, chain: OracleChain, point: PricePoint): Promise<boolean> {
  const { tenantId, economyId, currency, asOf } = point
  const key = `${economyId} ${currency}`
  if ((deps.recorded.get(key) ?? 0) >= asOf.getTime()) return false
  if (!isPrice(point.price)) {
    deps.observer.log('warn', 'price.out_of_range', { economyId, chain: chain.chainId, price: point.price })
    return false
  }
  const isNew = await deps.unitOfWork(tenantId, async (tx) => {
    await tx.economies.lock(economyId)
    const inForce = await tx.prices.latest(economyId)
    if (inForce.some((one) => one.currency === currency && one.source === 'chain' && one.asOf >= asOf))
      return false
    await tx.prices.insert(point)
    await tx.outbox.append({ tenantId, economyId, topic: 'price_point.created', subjectId: point.id })
    return true
  })
  deps.recorded.set(key, asOf.getTime())
  return isNew
}

/**
 * What a whole branded token is worth: valuePrice × 10^rateDecimals / rate, to 18 places, rounded up. For people: amounts are
 * converted with what it is made of, so the rounding costs nobody anything.
 */
export function tokenPriceUp(valuePrice: string, rate: bigint, rateDecimals: number): string {
  const exact = toScale(valuePrice) * 10n ** BigInt(rateDecimals)
  const digits = ((exact + rate - 1n) / rate).toString().padStart(19, '0')
  return trimZeros(`${digits.slice(0, -18)}.${digits.slice(-18)}`)
}
