import type { EnvironmentReader } from './environment-reader.ts'
import { isUrl } from './json.ts'

/** A source of prices: JSON over http(s) or in a file; pointers (RFC 6901) say where in it. */
export type PriceFeedConfig = {
  currency: (typeof FEED_CURRENCIES)[number]
  source: string
  pointer: string
  asOfPointer?: string
  /** `eco_…`: for one economy. Absent: for every active one. */
  economyId?: string
}

const FEEDS_MAX = 100
const FEED_CURRENCIES = ['USD', 'EUR', 'GBP'] as const
const FEED_FIELDS = ['currency', 'source', 'pointer', 'as_of_pointer', 'economy_id']

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
  const { source, pointer, as_of_pointer: asOfPointer, economy_id: economyId } = fields
  const currency = FEED_CURRENCIES.find((known) => known === fields['currency'])
  if (currency === undefined) problems.push(`${at}.currency must be one of ${FEED_CURRENCIES.join(', ')}.`)
  if (typeof source !== 'string' || !isUrl(source, ['https:', 'http:', 'file:'])) {
    problems.push(`${at}.source must be an https, http or file URL.`)
  }
  if (!isPointer(pointer)) problems.push(`${at}.pointer must be a JSON pointer such as "/price".`)
  if (asOfPointer !== undefined && !isPointer(asOfPointer)) {
    problems.push(`${at}.as_of_pointer must be a JSON pointer such as "/time"; leave it out for none.`)
  }
  if (
    economyId !== undefined &&
    (typeof economyId !== 'string' || !/^eco_[0-7][0-9a-z]{25}$/.test(economyId))
  ) {
    problems.push(`${at}.economy_id must be an id such as eco_01…; leave it out for every economy.`)
  }
  if (problems.length > before || currency === undefined) return undefined
  // Every check above has passed, so each field has the type its check proves.
  return {
    currency,
    source: source as string,
    pointer: pointer as string,
    ...(typeof asOfPointer === 'string' && { asOfPointer }),
    ...(typeof economyId === 'string' && { economyId }),
  }
}

function isPointer(value: unknown): value is string {
  return typeof value === 'string' && /^(\/([^~/]|~[01])*)*$/.test(value)
}
