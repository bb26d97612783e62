/** Crockford's alphabet, as the TypeID specification has it. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
/** What each character stands for, by its code. */
const VALUE_OF = new Uint8Array(128)
for (let value = 0; value < ALPHABET.length; value += 1) VALUE_OF[ALPHABET.charCodeAt(value)] = value

/** Hex digits and characters that hold the same 20 bits. */
const HEX_STEP = 5
const CHAR_STEP = 4

/**
 * A UUID as the 26 characters behind a TypeID's prefix. Every request reads and writes several, so this does not go through
 * typeid-js, which test/adapters/crypto/uuid-suffix.test.ts compares it with.
 *
 * @see https://github.com/jetify-com/typeid/tree/main/spec
 */
export function suffixOf(uuid: string): string {
  const hex = uuid.replaceAll('-', '')
  const head = Number.parseInt(hex.slice(0, 2), 16)
  let text = charOf(head >> 5) + charOf(head)
  for (let at = 2; at < hex.length; at += HEX_STEP) {
    const bits = Number.parseInt(hex.slice(at, at + HEX_STEP), 16)
    text += charOf(bits >> 15) + charOf(bits >> 10) + charOf(bits >> 5) + charOf(bits)
  }
  return text
}

/** The UUID of a suffix: 26 characters of the alphabet, of which the first is at most 7. */
export function uuidOf(suffix: string): string {
  let hex = (valueAt(suffix, 0) * 32 + valueAt(suffix, 1)).toString(16).padStart(2, '0')
  for (let at = 2; at < suffix.length; at += CHAR_STEP) {
    const high = valueAt(suffix, at) * 32 + valueAt(suffix, at + 1)
    const low = valueAt(suffix, at + 2) * 32 + valueAt(suffix, at + 3)
    hex += (high * 1_024 + low).toString(16).padStart(HEX_STEP, '0')
  }
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

function charOf(bits: number): string {
  return ALPHABET.charAt(bits & 31)
}

function valueAt(suffix: string, at: number): number {
  return VALUE_OF[suffix.charCodeAt(at)] ?? 0
}
