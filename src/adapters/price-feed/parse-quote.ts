/**
 * Finds the price in a source's JSON. Numbers are taken as they are written, never as floats.
 * @throws Error in words when the text is no JSON, or has no price or no moment where the pointers say.
 */
export function parseQuote(
  text: string,
  pointer: string,
  asOfPointer: string | null,
): { price: string; asOf: Date | null } {
  const document = parseExact(text)
  const price = at(document, pointer)
  if (typeof price !== 'string') throw new Error(`there is no price at ${pointer}`)
  return {
    price: toPlainDecimal(price.trim()),
    asOf: asOfPointer === null ? null : parseMoment(at(document, asOfPointer), asOfPointer),
  }
}

/** JSON whose numbers are their own text. */
function parseExact(text: string): unknown {
  const asWritten = (_key: string, value: unknown, context?: { source: string }) =>
    typeof value === 'number' ? (context?.source ?? value.toString()) : value
  try {
    return JSON.parse(text, asWritten)
  } catch (error) {
    throw new Error('the answer is not JSON', { cause: error })
  }
}

function at(document: unknown, pointer: string): unknown {
  if (pointer === '') return document
  const names = pointer.split('/').slice(1)
  return names.reduce<unknown>((value, name) => {
    const key = name.replaceAll('~1', '/').replaceAll('~0', '~')
    return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
      ? Reflect.get(value, key)
      : undefined
  }, document)
}

/** Zeros that an exponent may add: enough for any price, few enough for a hostile one. */
const EXPONENT_MAX = 30

/** `1.5e-7` → `0.00000015`; a text without an exponent stays as it is. */
function toPlainDecimal(text: string): string {
  const match = /^(\d+)(?:\.(\d+))?[eE]([+-]?\d{1,2})$/.exec(text)
  if (!match) return text
  const [, whole = '', fraction = '', exponentText = '0'] = match
  const exponent = Number(exponentText)
  if (Math.abs(exponent) > EXPONENT_MAX) throw new Error(`"${text}" is out of range for a price`)
  const digits = `${'0'.repeat(EXPONENT_MAX)}${whole}${fraction}${'0'.repeat(EXPONENT_MAX)}`
  const point = EXPONENT_MAX + whole.length + exponent
  const plainWhole = digits.slice(0, point).replace(/^0+(?=\d)/, '')
  const plainFraction = digits.slice(point).replace(/0+$/, '')
  return plainFraction === '' ? plainWhole : `${plainWhole}.${plainFraction}`
}

/** Above this a number of 1970 counts milliseconds: as seconds it would be the year 5138. */
const SECONDS_MAX = 1e11

function parseMoment(value: unknown, pointer: string): Date {
  const text = typeof value === 'string' ? value : ''
  const number = /^\d{1,16}(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  const moment = Number.isNaN(number)
    ? new Date(text)
    : new Date(number > SECONDS_MAX ? number : number * 1_000)
  if (Number.isNaN(moment.getTime())) throw new Error(`there is no moment at ${pointer}`)
  return moment
}
