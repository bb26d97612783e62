import type { EnvironmentReader } from './environment-reader.ts'
import { isUrl } from './json.ts'

/** A source of prices: JSON over http(s) or in a file, where pointers (RFC 6901) say where in it; or a price set here. */
export type PriceFeedConfig = {
  currency: (typeof FEED_CURRENCIES)[number]
  /** `eco_…`: for one economy. Absent: for every active one. */
  economyId?: string
  /** A value token's address: its price goes to the oracles of the utility chains. */
  asset?: string
} & ({ source: string; pointer: string; asOfPointer?: string } | { price: string })

const FEEDS_MAX = 100
const FEED_CURRENCIES = ['USD', 'EUR', 'GBP'] as const
const FEED_FIELDS = ['currency', 'source', 'pointer', 'as_of_pointer', 'price', 'economy_id', 'asset']

/** The sources of prices; what is wrong goes into the reader's problems. */
export function readPriceFeeds(read: EnvironmentReader, name: string): readonly PriceFeedConfig[] {
  const entries = read.jsonArray(name, FEEDS_MAX) ?? []
  const feeds = entries.map((entry, index) => readFeed(entry, `${name}[${index}]`, read.problems))
  return feeds.filter((feed) => feed !== undefined)
}

function readFeed(entry: unknown, at: string, problems: string[]): PriceFeedConfig | undefined {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    problems.push(`${at} is not an object: write {"currency": …, "source": …, "pointer": …}.`)
    return undefined
  }
  const before = problems.length
  const fields: Readonly<Record<string, unknown>> = { ...entry }
  const unknownFields = Object.keys(fields).filter((field) => !FEED_FIELDS.includes(field))
  if (unknownFields.length > 0) {
    problems.push(`${at} has ${unknownFields.join(', ')}, which means nothing here: remove or rename it.`)
  }
  const { source, pointer, as_of_pointer: asOfPointer, economy_id: economyId, price, asset } = fields
  const isFixed = price !== undefined
  const currency = FEED_CURRENCIES.find((known) => known === fields['currency'])
  if (currency === undefined) problems.push(`${at}.currency must be one of ${FEED_CURRENCIES.join(', ')}.`)
  if (isFixed && !isPrice(price)) problems.push(`${at}.price must be a text such as "0.25", more than 0.`)
  if (isFixed && [source, pointer, asOfPointer].some((field) => field !== undefined)) {
    problems.push(
      `${at} has a price and a source: leave source, pointer and as_of_pointer out, or the price.`,
    )
  }
  if (isFixed) {
    // Nothing else is read.
  } else if (typeof source !== 'string' || !isUrl(source, ['https:', 'http:', 'file:'])) {
    problems.push(`${at}.source must be an https, http or file URL.`)
  }
  if (!isFixed && !isPointer(pointer)) problems.push(`${at}.pointer must be a JSON pointer such as "/price".`)
  if (asOfPointer !== undefined && !isPointer(asOfPointer)) {
    problems.push(`${at}.as_of_pointer must be a JSON pointer such as "/time"; leave it out for none.`)
  }
  if (
    economyId !== undefined &&
    (typeof economyId !== 'string' || !/^eco_[0-7][0-9a-z]{25}$/.test(economyId))
  ) {
    problems.push(`${at}.economy_id must be an id such as eco_01…; leave it out for every economy.`)
  }
  if (asset !== undefined && (typeof asset !== 'string' || !/^0x[0-9a-fA-F]{40}$/.test(asset))) {
    problems.push(`${at}.asset must be the address of a value token; leave it out for branded tokens.`)
  }
  if (asset !== undefined && economyId !== undefined) {
    problems.push(`${at} has an asset and an economy_id: a value token is no economy's. Leave one out.`)
  }
  if (problems.length > before || currency === undefined) return undefined
  // Every check above has passed, so each field has the type its check proves.
  return {
    currency,
    ...(typeof economyId === 'string' && { economyId }),
    ...(typeof asset === 'string' && { asset }),
    ...(isFixed
      ? { price: price as string }
      : {
          source: source as string,
          pointer: pointer as string,
          ...(typeof asOfPointer === 'string' && { asOfPointer }),
        }),
  }
}

function isPrice(value: unknown): boolean {
  return typeof value === 'string' && /^\d{1,20}(\.\d{1,18})?$/.test(value) && /[1-9]/.test(value)
}

function isPointer(value: unknown): value is string {
  return typeof value === 'string' && /^(\/([^~/]|~[01])*)*$/.test(value)
}
