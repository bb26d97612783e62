import { trimZeros } from '../rule/currency.ts'
import type { PriceFeed } from '../rule/price-feed.ts'
import { isPrice } from '../rule/price-point.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import { decideReport, type ReportReason } from './decide-report.ts'
import type {
  BlockAt,
  OracleChain,
  OracleReader,
  PriceReport,
  PriceSigner,
  ReportStore,
} from './price-oracle.ts'

/** Milliseconds for which a price is signed to be valid, at most. @see PriceOracle.LIFETIME_MAX */
const LIFETIME_MS_MAX = 24 * 3_600_000

export interface PublishPriceDeps {
  oracle: OracleReader
  signer: PriceSigner
  reports: ReportStore
  clock: Clock
  ids: Ids
}

export interface PublishedPrice {
  chainId: number
  laneId: string
  report: PriceReport
  because: ReportReason
}

/**
 * Asks a feed once for what a value token is worth, and hands a signed report to a lane of each chain whose oracle needs it. The
 * lane stores the signed transaction before it is sent and follows it to its block, so an unclear answer is no failure: until the
 * last report has ended there is no second one. May run twice at once: one report per oracle, token and currency is under way.
 *
 * @throws Error when the feed gives no price, or the keys are not those of enough feeders; what is on the chain expires in time
 */
export async function publishPrice(
  deps: PublishPriceDeps,
  feed: PriceFeed & { asset: string },
): Promise<PublishedPrice[]> {
  const quoted = await feed.quote()
  const price = trimZeros(quoted.price)
  if (!isPrice(price))
    throw new Error(`price feed ${feed.name} answered "${quoted.price}", which is no price`)
  const published: PublishedPrice[] = []
  for (const chain of await deps.reports.chains()) {
    const newest = await deps.oracle.newestBlock(chain)
    const observedAt = momentOf(quoted.asOf, deps.clock.now(), newest)
    const done = await publishOn(deps, chain, newest, {
      asset: feed.asset,
      currency: feed.currency,
      price,
      observedAt,
    })
    if (done) published.push(done)
  }
  return published
}

async function publishOn(
  deps: PublishPriceDeps,
  chain: OracleChain,
  newest: BlockAt,
  observed: Omit<PriceReport, 'expiresAt'>,
): Promise<PublishedPrice | null> {
  const { oracle, signer, reports, clock, ids } = deps
  const now = clock.now()
  if (await reports.isUnderWay(chain, observed, now)) return null
  const limits = await oracle.limits(chain)
  const because = decideReport(observed, await oracle.latest(chain, observed, newest), limits, now)
  if (because === null) return null
  const lifetimeMs = Math.min(2 * limits.maxAgeMs, LIFETIME_MS_MAX)
  const expiresAt = new Date(observed.observedAt.getTime() + lifetimeMs)
  // The source may be older than any price may be: then there is nothing to sign.
  if (expiresAt <= now || expiresAt <= newest.at) return null
  const report: PriceReport = { ...observed, expiresAt }
  const call = await signer.sign(chain, report)
  const laneId = await reports.queue(report, chain, call, { submissionId: ids.next(), now })
  return laneId === null ? null : { chainId: chain.chainId, laneId, report, because }
}

/** Whole seconds. A chain takes no price of a moment that it has not reached, and its clock may be behind ours. */
function momentOf(asOf: Date | null, now: Date, newest: BlockAt): Date {
  const latest = Math.min(now.getTime(), newest.at.getTime(), (asOf ?? now).getTime())
  return new Date(Math.floor(latest / 1_000) * 1_000)
}
