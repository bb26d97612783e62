import { TypeID } from 'typeid-js'
import type { FiatCurrency } from '#core/rule/currency.ts'
import type { PriceFeed } from '#core/rule/price-feed.ts'
import { readFileSource } from './file-source.ts'
import { readHttpSource } from './http-source.ts'
import { parseQuote } from './parse-quote.ts'

/** Where a price comes from. The source answers JSON; pointers (RFC 6901) say where in it. */
export interface PriceFeedSettings {
  currency: FiatCurrency
  /** `https:`, `http:` or `file:`. */
  source: string
  pointer: string
  /** Where the source says of which moment its price is: ISO 8601 text, or seconds or milliseconds since 1970. */
  asOfPointer?: string
  /** `eco_…`: for one economy. Absent: for every active one. */
  economyId?: string
}

/** A feed over a file or an HTTP service. */
export function createPriceFeed(settings: PriceFeedSettings): PriceFeed {
  const { currency, pointer, asOfPointer, economyId } = settings
  const source = new URL(settings.source)
  const read = source.protocol === 'file:' ? () => readFileSource(source) : () => readHttpSource(source)
  return {
    // Neither user, password nor query: they may hold a key.
    name: `${currency} from ${source.protocol}//${source.host}${source.pathname}`,
    currency,
    economyId: economyId === undefined ? null : TypeID.fromString(economyId, 'eco').toUUID(),
    async quote() {
      return { currency, ...parseQuote(await read(), pointer, asOfPointer ?? null) }
    },
  }
}
