import type { JobHandler } from '#adapters/bullmq/workers.ts'
import type { PriceFeed } from '#core/rule/price-feed.ts'
import { type RecordFeedPriceDeps, recordFeedPrice } from '#core/rule/record-feed-price.ts'
import type { Observer } from '#core/shared/observer.ts'

/** Asks every configured feed once. One that gives no price is reported and leaves the others alone. */
export function refreshPricesJob(
  deps: RecordFeedPriceDeps & { feeds: readonly PriceFeed[]; observer: Observer },
): JobHandler {
  const { feeds, observer } = deps
  return async (_id, signal) => {
    for (const feed of feeds) {
      if (signal.aborted) return
      try {
        const recorded = await recordFeedPrice(deps, feed)
        if (recorded.length > 0)
          observer.log('info', 'price_feed.recorded', { feed: feed.name, points: recorded.length })
      } catch (error) {
        observer.count('price_feed_failures_total')
        observer.log('warn', 'price_feed.failed', {
          feed: feed.name,
          error: error instanceof Error ? error.message : String(error),
        })
      }
    }
  }
}
