import { createPublicKey, type KeyObject, randomBytes } from 'node:crypto'
import { createVerifier } from 'http-message-signatures'
import type { CredentialSigning } from '#core/tenant/authenticate-api-key.ts'
import type { SigningKeys } from '#core/tenant/signing-keys.ts'
import type { Sealer } from './sealer.ts'

const SECRET_BYTES = 32
const PUBLIC_KEY_BYTES = 32

/** A shared secret can be read back, sealed, because both sides of an HMAC need it; a public key is no secret. */
export function createSigningKeys(sealer: Sealer): SigningKeys {
  return {
    issueSecret() {
      const secret = randomBytes(SECRET_BYTES).toString('hex')
      return { secret, sealed: sealer.seal(secret) }
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
    const key = signing.algorithm === 'ed25519' ? publicKeyOf(signing.key) : String(sealer.open(signing.key))
    // Node takes a key object wherever the library's types say text or bytes.
    const verify = createVerifier(key as string, signing.algorithm)
    return (await verify(data, signature)) === true
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
