import type { FormPair } from './form.ts'

/** With its value encoded, once: it is written many times, also for those whom nobody knows yet. */
interface Pair extends FormPair {
  encoded: string
}

/**
 * Every text that an SDK of OST may have signed when it sent these parameters. All of them say the same, so a signature of one is
 * a signature of the request:
 * - as they were sent (JS, and whoever sends what it signs);
 * - sorted by name (Ruby of 2018 sends as the caller wrote them);
 * - encoded anew (Java of 2019 signs `~` and sends `%7E`), with brackets as they are, too;
 * - without the indexes of lists, all of them or the first alone (PHP of 2018 signs `k[]=` and sends `k%5B0%5D=`);
 * - with `=` after a name that was sent bare (Ruby of 2018 signs nil so).
 *
 * @param resource The path as it was sent, a trailing slash included, without what the dialect leaves out in front.
 * @param signatureName The parameter that is not signed.
 */
export function stringsToSign(
  resource: string,
  sent: readonly FormPair[],
  signatureName: string,
): readonly string[] {
  const pairs = sent
    .filter(({ name }) => name !== signatureName)
    .map((pair) => ({ ...pair, encoded: pair.value === null ? '' : `=${encode(pair.value)}` }))
  const lists = [pairs, withoutIndexes(pairs, Number.MAX_SAFE_INTEGER), withoutIndexes(pairs, 0)]
  const written = [...lists, ...lists.map(encoded), ...lists.map(withBrackets), withoutBareNames(pairs)]
  const texts = written.flatMap((some) => [some, sorted(some)]).map(join)
  return [...new Set(texts)].map((query) => `${resource}?${query}`)
}

function join(pairs: readonly Pair[]): string {
  return pairs.map(({ raw }) => raw).join('&')
}

/** By name; those of one name stay in their order. */
function sorted(pairs: readonly Pair[]): Pair[] {
  return pairs.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

/** `k[0]`, `k[1]`, … as `k[]`, up to an index: only in their order, or the signature would leave open which comes first. */
function withoutIndexes(pairs: readonly Pair[], last: number): readonly Pair[] {
  const next = new Map<string, number>()
  return pairs.map((pair) => {
    const [, list, index] = /^(.+)\[(\d{1,6})\]$/.exec(pair.name) ?? []
    if (list === undefined || Number(index) > last || Number(index) !== (next.get(list) ?? 0)) return pair
    next.set(list, Number(index) + 1)
    const name = `${list}[]`
    return { ...pair, name, raw: bracketed(encode(name)) + pair.raw.slice(endOfName(pair.raw)) }
  })
}

function encoded(pairs: readonly Pair[]): Pair[] {
  return pairs.map((pair) => ({ ...pair, raw: encode(pair.name) + pair.encoded }))
}

function withBrackets(pairs: readonly Pair[]): Pair[] {
  return pairs.map((pair) => ({ ...pair, raw: bracketed(encode(pair.name)) + pair.encoded }))
}

function withoutBareNames(pairs: readonly Pair[]): Pair[] {
  return pairs.map((pair) => (pair.value === null ? { ...pair, raw: `${pair.raw}=` } : pair))
}

function endOfName(raw: string): number {
  const at = raw.indexOf('=')
  return at === -1 ? raw.length : at
}

/** Strict percent-encoding with `+` for a space, as all four SDKs do it. */
function encode(text: string): string {
  const strict = encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return strict.replaceAll('%20', '+')
}

function bracketed(name: string): string {
  return name.replaceAll('%5B', '[').replaceAll('%5D', ']')
}
