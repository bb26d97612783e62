import { hash as digestOf, randomBytes, timingSafeEqual } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { ApiKeyHasher } from '#core/tenant/api-key-hasher.ts'
import type { Environment } from '#core/tenant/tenant.ts'
import { suffixOf, uuidOf } from './uuid-suffix.ts'

const WORD_OF: Record<Environment, string> = { sandbox: 'test', production: 'live' }
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const BASE = BigInt(ALPHABET.length)
const SECRET_BYTES = 32
/** Characters of 32 bytes in base 62. */
const SECRET_LENGTH = 43
/** Characters of a CRC-32 in base 62. */
const CHECKSUM_LENGTH = 6
const KEY = /^ost_(test|live)_([0-7][0-9a-hjkmnp-tv-z]{25})_([0-9A-Za-z]{43})_([0-9A-Za-z]{6})$/

/**
 * Keys like `ost_test_<id>_<secret>_<checksum>`. The secret is 256 random bits, so one round of SHA-256 hides it: slow
 * hashes are for what people make up.
 */
export const apiKeyHasher: ApiKeyHasher = {
  issue(environment, id) {
    const secret = base62(BigInt(`0x${randomBytes(SECRET_BYTES).toString('hex')}`), SECRET_LENGTH)
    const text = `ost_${WORD_OF[environment]}_${suffixOf(id)}_${secret}`
    return { text: `${text}_${checksum(text)}`, hash: hash(secret) }
  },

  parse(text) {
    const [, word, suffix, secret, check] = KEY.exec(text) ?? []
    if (word === undefined || suffix === undefined || secret === undefined) return null
    if (check !== checksum(text.slice(0, -CHECKSUM_LENGTH - 1))) return null
    const environment = word === 'live' ? 'production' : 'sandbox'
    return { id: uuidOf(suffix), environment, secret }
  },

  matches(secret, known) {
    return timingSafeEqual(hash(secret), known)
  },
}

function hash(secret: string): Buffer {
  return digestOf('sha256', secret, 'buffer')
}

function checksum(text: string): string {
  let digits = ''
  for (let rest = crc32(text); rest > 0; rest = Math.floor(rest / ALPHABET.length)) {
    digits = `${ALPHABET.charAt(rest % ALPHABET.length)}${digits}`
  }
  return digits.padStart(CHECKSUM_LENGTH, '0')
}

function base62(value: bigint, length: number): string {
  let digits = ''
  for (let rest = value; rest > 0n; rest /= BASE) digits = `${ALPHABET[Number(rest % BASE)]}${digits}`
  return digits.padStart(length, '0')
}
