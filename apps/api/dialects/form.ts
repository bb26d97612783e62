import qs from 'qs'
import { InvalidRequest } from '#core/shared/errors.ts'

/** Levels of `a[b][c]=`. The SDKs send two. */
const DEPTH_MAX = 5
/** Pairs of one request, and elements of one array: more than any documented list takes. */
const PAIRS_MAX = 2_000
const ARRAY_MAX = 1_000

/** A parameter as it was sent, and what it says. */
export interface FormPair {
  /** `name=value` exactly as sent; a name without `=` stays bare. */
  raw: string
  name: string
  /** Null: sent without `=`. */
  value: string | null
}

/** What a parameter may be: text, or texts and names nested in each other. */
export type FormValue = string | FormValue[] | { [name: string]: FormValue }

/** A form both ways: as it was sent, for its signature, and read. */
export interface Form {
  pairs: readonly FormPair[]
  /** Without a prototype, so that no name means anything. */
  values: Readonly<Record<string, FormValue>>
}

/**
 * Reads a query string or a body of application/x-www-form-urlencoded, with nested `a[b]=` and `a[]=` names.
 * @throws InvalidRequest where it is larger than any request of ours, or holds a character that text cannot hold
 */
export function parseForm(text: string): Form {
  const pairs = text === '' ? [] : text.split('&', PAIRS_MAX + 1).map(toPair)
  if (pairs.length > PAIRS_MAX) throw new InvalidRequest([{ pointer: '', detail: 'has too many parameters' }])
  const unreadable = pairs.find(({ name, value }) => name.includes('\0') || value?.includes('\0'))
  if (unreadable)
    throw new InvalidRequest([
      { pointer: `?${unreadable.name.replaceAll('\0', '')}`, detail: 'holds a NUL character' },
    ])
  return { pairs, values: nest(text) }
}

function nest(text: string): Record<string, FormValue> {
  try {
    const values = qs.parse(text, {
      plainObjects: true,
      depth: DEPTH_MAX,
      strictDepth: true,
      parameterLimit: PAIRS_MAX,
      arrayLimit: ARRAY_MAX,
      throwOnLimitExceeded: true,
    })
    // Text is all that a form holds, at whatever depth.
    return values as Record<string, FormValue>
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new InvalidRequest([{ pointer: '', detail: 'is nested too deeply, or a list in it is too long' }])
  }
}

function toPair(raw: string): FormPair {
  const at = raw.indexOf('=')
  if (at === -1) return { raw, name: decode(raw), value: null }
  return { raw, name: decode(raw.slice(0, at)), value: decode(raw.slice(at + 1)) }
}

/** What cannot be decoded stands for itself. */
function decode(text: string): string {
  const spaced = text.replaceAll('+', ' ')
  try {
    return decodeURIComponent(spaced)
  } catch {
    return spaced
  }
}
