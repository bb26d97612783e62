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

const strictly = (text: string) =>
  encodeURIComponent(text)
    .replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')

const sorted = (params: Params) => Object.entries(params).toSorted(([a], [b]) => (a < b ? -1 : 1))

/** `k[]=` per element, the brackets raw, as the JS, Ruby and Java SDKs of 2018 write lists. */
const inBrackets = (entries: [string, Value][]) =>
  entries.flatMap(([name, value]) =>
    Array.isArray(value)
      ? value.map((one: string) => `${name}[]=${strictly(one)}`)
      : [value === null ? name : `${name}=${strictly(String(value))}`],
  )

/** PHP's http_build_query: `k%5B0%5D=` per element. */
const withIndexes = (entries: [string, Value][]) =>
  entries.flatMap(([name, value]) =>
    Array.isArray(value)
      ? value.map((one: string, index) => `${name}%5B${index}%5D=${strictly(one)}`)
      : [`${name}=${strictly(String(value))}`],
  )

const hmac = (secret: string, text: string) => createHmac('sha256', secret).update(text).digest('hex')

/**
 * What the official SDKs of 2018 put on the wire, as recorded from them: which parameters in which order, where the signature
 * stands, how lists look. All of them sign `path?parameters sorted by name`, without the version in front of the path.
 */
export const SDKS = {
  js: build({ slash: true, agent: 'ost-sdk-js 1.1.0' }),
  java: build({ slash: true, agent: 'ost-sdk-java 1.1.0' }),
  ruby: build({ slash: false, agent: 'ost-sdk-ruby 1.1.0', unsorted: true }),
  php: build({ slash: true, agent: 'ost-sdk-php 1.1.1', indexes: true }),
} as const
export type Sdk = keyof typeof SDKS

interface Quirks {
  /** Whether paths end in a slash. */
  slash: boolean
  agent: string
  /** Sends the parameters as the caller wrote them, the signature in their middle. */
  unsorted?: true
  /** Sends lists with indexes; what is signed has none. */
  indexes?: true
}

function build({ slash, agent, unsorted, indexes }: Quirks) {
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
    const signature = hmac(secret, `${resource}?${inBrackets(sorted(own)).join('&')}`)
    const write = indexes ? withIndexes : inBrackets
    const sent = unsorted
      ? write(Object.entries({ signature, ...own }))
      : write([...sorted(own), ['signature', signature]])
    if (unsorted) sent.splice(1, 0, ...sent.splice(0, 1))
    const headers = { 'user-agent': agent, 'content-type': 'application/x-www-form-urlencoded' }
    const query = sent.join('&')
    return method === 'GET'
      ? { method, url: `${base}${resource}?${query}`, headers }
      : { method, url: `${base}${resource}`, headers, payload: query }
  }
}
