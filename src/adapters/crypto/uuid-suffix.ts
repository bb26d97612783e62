/** Crockford's alphabet, as the TypeID specification has it. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const HEX = '0123456789abcdef'

/** What characters stand for, by their codes, and the codes of those that stand for something. */
const CHARS = codec(ALPHABET)
const DIGITS = codec(HEX)
const DASH = '-'.charCodeAt(0)

const UUID_LENGTH = 36
const SUFFIX_LENGTH = 26
/** Where a UUID has its dashes. */
const IS_DASH = Array.from({ length: UUID_LENGTH }, (_, at) => [8, 13, 18, 23].includes(at))
/** 26 characters of 5 bits hold two bits more than a UUID has. */
const SPARE_BITS = 2

/** Written over by every call: nothing waits between writing it and reading it. */
const written = Buffer.alloc(UUID_LENGTH)

/**
 * A UUID as the 26 characters behind a TypeID's prefix. Every request reads and writes several, so this does not go through
 * typeid-js, which test/adapters/crypto/uuid-suffix.test.ts compares it with.
 *
 * @see https://github.com/jetify-com/typeid/tree/main/spec
 */
export function suffixOf(uuid: string): string {
  let bits = 0
  let count = SPARE_BITS
  let length = 0
  for (let at = 0; at < uuid.length; at += 1) {
    const code = uuid.charCodeAt(at)
    if (code === DASH) continue
    bits = ((bits << 4) | valueOf(DIGITS, code)) & 0xff
    count += 4
    if (count < 5) continue
    count -= 5
    length = write(length, CHARS.codes[(bits >> count) & 31] ?? 0)
  }
  return written.toString('latin1', 0, length)
}

/** The UUID of a suffix: 26 characters of the alphabet, of which the first is at most 7. */
export function uuidOf(suffix: string): string {
  let bits = 0
  let count = -SPARE_BITS
  let length = 0
  for (let at = 0; at < SUFFIX_LENGTH; at += 1) {
    bits = ((bits << 5) | valueOf(CHARS, suffix.charCodeAt(at))) & 0xfff
    count += 5
    while (count >= 4) {
      count -= 4
      if (IS_DASH[length]) length = write(length, DASH)
      length = write(length, DIGITS.codes[(bits >> count) & 15] ?? 0)
    }
  }
  return written.toString('latin1', 0, length)
}

/** A UUID's 16 bytes as its text. The generator's own puts it together from 36 strings, which cost more than the number itself. */
export function textOf(bytes: Readonly<Uint8Array>): string {
  let length = 0
  for (const byte of bytes) {
    if (IS_DASH[length]) length = write(length, DASH)
    length = write(length, DIGITS.codes[byte >> 4] ?? 0)
    length = write(length, DIGITS.codes[byte & 15] ?? 0)
  }
  return written.toString('latin1', 0, length)
}

function write(at: number, code: number): number {
  written[at] = code
  return at + 1
}

interface Codec {
  values: Uint8Array
  codes: Uint8Array
}

function codec(alphabet: string): Codec {
  const codes = Uint8Array.from(alphabet, (char) => char.charCodeAt(0))
  const values = new Uint8Array(128)
  codes.forEach((code, value) => void (values[code] = value))
  return { values, codes }
}

function valueOf({ values }: Codec, code: number): number {
  return values[code] ?? 0
}
