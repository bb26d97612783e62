import {
  createHmac,
  createPublicKey,
  type KeyObject,
  randomBytes,
  randomInt,
  timingSafeEqual,
} from 'node:crypto'
import { createVerifier } from 'http-message-signatures'
import type { CredentialSigning } from '#core/tenant/authenticate-api-key.ts'
import type { SigningKeys } from '#core/tenant/signing-keys.ts'
import type { Sealer } from './sealer.ts'

const SECRET_BYTES = 32
const PUBLIC_KEY_BYTES = 32
/** Of the names of keys in OST's dialects, in characters of their alphabets. */
const OST_V1_KEY_BYTES = 10
const OST_V2_KEY_LENGTH = 32
const OST_V2_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789'

/** A shared secret can be read back, sealed, because both sides of an HMAC need it; a public key is no secret. */
export function createSigningKeys(sealer: Sealer): SigningKeys {
  return {
    issueSecret() {
      const secret = randomBytes(SECRET_BYTES).toString('hex')
      return { secret, sealed: sealer.seal(secret) }
    },

    issueDialectKey(dialect) {
      if (dialect === 'ost-v1') return randomBytes(OST_V1_KEY_BYTES).toString('hex')
      const letters = Array.from({ length: OST_V2_KEY_LENGTH }, () => randomInt(OST_V2_ALPHABET.length))
      return letters.map((letter) => OST_V2_ALPHABET[letter]).join('')
    },

    isPublicKey(text) {
      try {
        return publicKeyOf(text).asymmetricKeyType === 'ed25519'
      } catch {
        return false
      }
    },
  }
}

/** Checks `signature` over `data`. @throws Error when the stored key cannot be read, which is a fault of ours. */
export type VerifyBytes = (signing: CredentialSigning, data: Buffer, signature: Buffer) => Promise<boolean>

/** Verifies with the stored half of a signing key. The HMAC key is the secret's text, as its holder was shown it. */
export function createVerifyBytes(sealer: Pick<Sealer, 'open'>): VerifyBytes {
  return async (signing, data, signature) => {
    // A signature of one kind of key is never taken for one of another.
    if (signing.algorithm !== 'ed25519' && signing.algorithm !== 'hmac-sha256') return false
    const key = signing.algorithm === 'ed25519' ? publicKeyOf(signing.key) : String(sealer.open(signing.key))
    // Node takes a key object wherever the library's types say text or bytes.
    const verify = createVerifier(key as string, signing.algorithm)
    return (await verify(data, signature)) === true
  }
}

/** Whether `signature` is, in hex, the HMAC-SHA256 of one of `messages`. Null stands for a key that nobody has. */
export type VerifyDialect = (
  signing: CredentialSigning | null,
  messages: readonly string[],
  signature: string,
) => boolean

/** Verifies the signatures of OST's SDKs. Takes as long for an unknown key, and compares every message in constant time. */
export function createVerifyDialect(sealer: Pick<Sealer, 'open'>): VerifyDialect {
  const nobodys = randomBytes(SECRET_BYTES).toString('hex')
  return (signing, messages, signature) => {
    const given = Buffer.from(signature, 'hex')
    const secret = signing ? String(sealer.open(signing.key)) : nobodys
    const matches = messages.map((message) => {
      const expected = createHmac('sha256', secret).update(message).digest()
      return given.length === expected.length && timingSafeEqual(given, expected)
    })
    return signing !== null && matches.includes(true)
  }
}

/** @throws Error when these are not the 32 bytes of an Ed25519 key, in base64url. */
function publicKeyOf(text: string): KeyObject {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length !== PUBLIC_KEY_BYTES) throw new Error('an Ed25519 public key has 32 bytes')
  return createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') },
    format: 'jwk',
  })
}
