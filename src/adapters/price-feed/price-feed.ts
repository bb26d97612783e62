import { TypeID } from 'typeid-js'
import type { FiatCurrency } from '#core/rule/currency.ts'
import type { PriceFeed } from '#core/rule/price-feed.ts'
import { readFileSource } from './file-source.ts'
import { readFixedSource } from './fixed-source.ts'
import { readHttpSource } from './http-source.ts'
import { parseQuote } from './parse-quote.ts'

/** Where a price comes from: a source that answers JSON, with pointers (RFC 6901) that say where in it; or the price itself. */
export type PriceFeedSettings = {
  currency: FiatCurrency
  /** `eco_…`: for one economy. Absent: for every active one. */
  economyId?: string
  /** A value token's address: its price, for the chains' oracles. */
  asset?: string
} & (SourceSettings | { price: string })

interface SourceSettings {
  /** `https:`, `http:` or `file:`. */
  source: string
  pointer: string
  /** Where the source says of which moment its price is: ISO 8601 text, or seconds or milliseconds since 1970. */
  asOfPointer?: string
}

/** A feed over a file, an HTTP service, or what a person has set. */
export function createPriceFeed(settings: PriceFeedSettings): PriceFeed {
  const { currency, economyId, asset } = settings
  const { name, read } = 'price' in settings ? ofPerson(settings.price) : ofSource(settings)
  return {
    name: `${currency} ${name}`,
    currency,
    asset: asset?.toLowerCase() ?? null,
    economyId: economyId === undefined ? null : TypeID.fromString(economyId, 'eco').toUUID(),
    quote: async () => ({ currency, ...(await read()) }),
  }
}

function ofPerson(price: string) {
  return { name: 'as configured', read: readFixedSource(price) }
}

function ofSource({ source: url, pointer, asOfPointer }: SourceSettings) {
  const source = new URL(url)
  const read = source.protocol === 'file:' ? readFileSource : readHttpSource
  return {
    // Neither user, password nor query: they may hold a key.
    name: `from ${source.protocol}//${source.host}${source.pathname}`,
    read: async () => parseQuote(await read(source), pointer, asOfPointer ?? null),
  }
}
