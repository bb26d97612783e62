import type { JobHandler } from '#adapters/bullmq/workers.ts'
import { type ReadPricesDeps, readPrices } from '#core/oracle/read-prices.ts'

/** Records what the oracles have at final blocks. */
export function readPricesJob(deps: ReadPricesDeps): JobHandler {
  return async (_id, signal) => {
    const points = await readPrices(deps, signal)
    if (points > 0) deps.observer.log('info', 'price.read', { points })
  }
}
