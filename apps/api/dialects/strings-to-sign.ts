import type { FormPair } from './form.ts'

/**
 * Every text that an SDK of OST may have signed when it sent these parameters: as sent (JS, Java), sorted by name (Ruby sends
 * unsorted what it signs sorted), and encoded anew (PHP signs `k[]=` and sends `k%5B0%5D=`). All of them say the same, so a
 * signature of one is a signature of the request.
 *
 * @param resource The path as it was sent, a trailing slash included, without what the dialect leaves out in front.
 * @param signatureName The parameter that is not signed.
 */
export function stringsToSign(
  resource: string,
  sent: readonly FormPair[],
  signatureName: string,
): readonly string[] {
  const pairs = sent.filter(({ name }) => name !== signatureName)
  const lists = withoutIndexes(pairs)
  const queries = new Set([
    pairs.map(({ raw }) => raw).join('&'),
    ...[pairs, lists].flatMap((some) => {
      const sorted = some.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
      return [
        sorted.map(({ raw }) => raw).join('&'),
        sorted.map((pair) => encodePair(pair, encode(pair.name))).join('&'),
        sorted.map((pair) => encodePair(pair, withBrackets(encode(pair.name)))).join('&'),
      ]
    }),
  ])
  return [...queries].map((query) => `${resource}?${query}`)
}

/** `k[0]`, `k[1]`, … as `k[]`: only in their order, or the signature would leave open which comes first. */
function withoutIndexes(pairs: readonly FormPair[]): FormPair[] {
  const next = new Map<string, number>()
  return pairs.map((pair) => {
    const [, list, index] = /^(.+)\[(\d{1,6})\]$/.exec(pair.name) ?? []
    if (list === undefined || Number(index) !== (next.get(list) ?? 0)) return pair
    next.set(list, Number(index) + 1)
    const name = `${list}[]`
    return { ...pair, name, raw: encodePair(pair, withBrackets(encode(name))) }
  })
}

function encodePair({ value }: FormPair, name: string): string {
  return value === null ? name : `${name}=${encode(value)}`
}

/** Strict percent-encoding with `+` for a space, as all four SDKs do it. */
function encode(text: string): string {
  const strict = encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return strict.replaceAll('%20', '+')
}

function withBrackets(name: string): string {
  return name.replaceAll('%5B', '[').replaceAll('%5D', ']')
}
