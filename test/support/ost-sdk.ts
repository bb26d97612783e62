import { createHmac } from 'node:crypto'

/** A key as an SDK is given it. */
export interface OstKey {
  key: string
  secret: string
}

/** A request as it goes over the wire. */
export interface WireRequest {
  method: 'GET' | 'POST'
  url: string
  headers: Record<string, string>
  payload?: string
}

type Value = string | number | boolean | null | readonly string[]
export type Params = Readonly<Record<string, Value>>

/** UTF-8, percent-encoded, `+` for a space: query-string's way, which all others differ from by a sign or two. */
const strictly = (text: string) =>
  encodeURIComponent(text)
    .replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
/** Rack's way, and that of PHP's urlencode. */
const withTilde = (text: string) => strictly(text).replaceAll('~', '%7E')
/** Guava's form escaper. */
const withStar = (text: string) => withTilde(text).replaceAll('%2A', '*')

type Entry = [name: string, value: Value]
const sorted = (params: Params) => Object.entries(params).toSorted(([a], [b]) => (a < b ? -1 : 1))

/** Pairs as an SDK writes them: texts and numbers by `encode`, elements under `nameOf`, and what it makes of null and booleans. */
function write(
  entries: Entry[],
  encode: (text: string) => string,
  nameOf: (list: string, index: number) => string,
  special: (name: string, value: boolean | null) => string[] = (name, value) => [`${name}=${value}`],
): string[] {
  return entries.flatMap(([name, value]) => {
    if (Array.isArray(value)) return value.map((one: string, at) => `${nameOf(name, at)}=${encode(one)}`)
    if (value === null || typeof value === 'boolean') return special(name, value)
    return [`${name}=${encode(String(value))}`]
  })
}

/** Brackets stay as they are. */
const inBrackets = (list: string) => `${list}[]`
/** PHP's http_build_query. */
const withIndex = (list: string, index: number) => `${list}%5B${index}%5D`
const withoutNull = (name: string, value: boolean | null) => (value === null ? [] : [`${name}=${value}`])
const phpSpecial = (name: string, value: boolean | null) =>
  value === null ? [] : [`${name}=${value ? 1 : 0}`]

interface Writing {
  /** What is signed, of the parameters sorted by name. */
  signed(entries: Entry[], method: 'GET' | 'POST'): string[]
  /** What goes over the wire besides the signature. */
  sent(entries: Entry[]): string[]
}

const js = (entries: Entry[]) =>
  write(entries, strictly, inBrackets, (name, value) => [value === null ? name : `${name}=${value}`])
const ruby = (bare: string) => (entries: Entry[]) =>
  write(entries, withTilde, inBrackets, (name, value) => [
    value === null ? `${name}${bare}` : `${name}=${value}`,
  ])
const php = (entries: Entry[]) => write(entries, withTilde, withIndex, phpSpecial)
const java = (entries: Entry[]) => write(entries, withStar, inBrackets, withoutNull)

const hmac = (secret: string, text: string) => createHmac('sha256', secret).update(text).digest('hex')

/**
 * What the official SDKs of 2018 put on the wire, as recorded from them and as their sources have it: which parameters in which
 * order, where the signature stands, how lists, null and booleans look. All of them sign `path?parameters sorted by name`,
 * without the version in front of the path.
 */
export const SDKS = {
  js: build({ slash: true, agent: 'ost-sdk-js 1.1.0', writing: { signed: js, sent: js } }),
  java: build({ slash: true, agent: 'ost-sdk-java 1.1.0', writing: { signed: java, sent: java } }),
  ruby: build({
    slash: false,
    agent: 'Ruby',
    unsorted: true,
    writing: { signed: ruby('='), sent: ruby('') },
  }),
  php: build({
    slash: true,
    agent: 'ost-sdk-php',
    writing: {
      // Of a POST, the first index of each list is taken away before signing, and only that.
      signed: (entries, method) =>
        php(entries).map((pair) => (method === 'POST' ? pair.replace('%5B0%5D=', '[]=') : pair)),
      sent: php,
    },
  }),
} as const
export type Sdk = keyof typeof SDKS

interface Quirks {
  /** Whether paths end in a slash. */
  slash: boolean
  agent: string
  /** Sends time, signature and key before the parameters, which are as the caller wrote them. */
  unsorted?: true
  writing: Writing
}

function build({ slash, agent, unsorted, writing }: Quirks) {
  /** @param base The path of the endpoint the SDK was given, such as /v1.1. */
  return (
    { key, secret }: OstKey,
    method: 'GET' | 'POST',
    base: string,
    path: string,
    params: Params = {},
    at = Math.floor(Date.now() / 1_000),
  ): WireRequest => {
    const resource = slash && !path.endsWith('/') ? `${path}/` : path
    const own = { ...params, api_key: key, request_timestamp: at }
    const signature = hmac(secret, `${resource}?${writing.signed(sorted(own), method).join('&')}`)
    const query = writing
      .sent(
        unsorted
          ? Object.entries({ request_timestamp: at, signature, api_key: key, ...params })
          : [...sorted(own), ['signature', signature]],
      )
      .join('&')
    const headers = { 'user-agent': agent, 'content-type': 'application/x-www-form-urlencoded' }
    return method === 'GET'
      ? { method, url: `${base}${resource}?${query}`, headers }
      : { method, url: `${base}${resource}`, headers, payload: query }
  }
}
