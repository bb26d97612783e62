/** What JSON text must contain to hold such text: an escape of U+0000 or of half a surrogate pair. */
const SUSPICIOUS = /\\u(?:0000|d[89a-f])/i

/** What a caller is told of such text. */
export const UNSTORABLE = 'has a character that cannot be kept: U+0000, or half of a surrogate pair'

/** Whether JSON text is worth a look by `findUnstorable`. Anything else cannot hold what that looks for. */
export function mayBeUnstorable(json: string): boolean {
  return SUSPICIOUS.test(json)
}

/**
 * Where a value, however deep, has text that a database cannot keep as it was sent: U+0000, which Postgres has no place for, or half
 * a surrogate pair, which UTF-8 cannot write. A JSON pointer; null where all of it can be kept.
 *
 * @see https://www.postgresql.org/docs/current/datatype-json.html
 */
export function findUnstorable(value: unknown, pointer = ''): string | null {
  if (typeof value === 'string') return isStorable(value) ? null : pointer
  if (typeof value !== 'object' || value === null) return null
  for (const [name, inner] of Object.entries(value)) {
    // A name that cannot be shown is pointed at by what it is in.
    const found = isStorable(name) ? findUnstorable(inner, `${pointer}/${escape(name)}`) : pointer
    if (found !== null) return found
  }
  return null
}

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0')
}

function escape(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}
