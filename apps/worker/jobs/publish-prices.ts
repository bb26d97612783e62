import type { JobHandler } from '#adapters/bullmq/workers.ts'
import { type PublishPriceDeps, publishPrice } from '#core/oracle/publish-price.ts'
import type { JobDispatcher } from '#core/outbox/job-dispatcher.ts'
import type { PriceFeed } from '#core/rule/price-feed.ts'
import type { Observer } from '#core/shared/observer.ts'

/** Asks every feed of a value token once, and has what changed signed and sent. One that fails leaves the others alone. */
export function publishPricesJob(
  deps: PublishPriceDeps & { feeds: readonly PriceFeed[]; jobs: JobDispatcher; observer: Observer },
): JobHandler {
  const { feeds, jobs, observer } = deps
  return async (_id, signal) => {
    for (const feed of feeds) {
      const { asset } = feed
      if (signal.aborted) return
      if (asset === null) continue
      try {
        for (const { chainId, laneId, report, because } of await publishPrice(deps, { ...feed, asset })) {
          jobs.wake({ name: 'submit-lane', id: laneId })
          const { currency, price, observedAt } = report
          observer.log('info', 'price.signed', {
            chainId,
            laneId,
            asset,
            currency,
            price,
            observedAt: observedAt.toISOString(),
            because,
          })
        }
      } catch (error) {
        observer.count('price_feed_failures_total')
        observer.log('warn', 'price.unpublished', {
          feed: feed.name,
          error: error instanceof Error ? error.message : String(error),
        })
      }
    }
  }
}
