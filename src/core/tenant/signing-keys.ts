import { type DialectAlgorithm, isDialect, type KeySigning, type SigningAlgorithm } from './api-key.ts'

/** Port: makes and checks what keys sign requests with. */
export interface SigningKeys {
  /** A new shared secret of 32 random bytes (64 hex digits), and the form to keep it in. */
  issueSecret(): { secret: string; sealed: string }
  /** A new public name of a key, in the form that the SDKs of the dialect know: 20 hex digits, or 32 of a-z and 0-9. */
  issueDialectKey(dialect: DialectAlgorithm): string
  /** True for 32 bytes in base64url that are an Ed25519 public key. */
  isPublicKey(text: string): boolean
}

/** How a new key is to sign. */
export interface WantedSigning {
  algorithm: SigningAlgorithm
  /** For Ed25519, and only there. */
  publicKey: string | null
  isRequired: boolean
}

/** What a key that signs is stored and shown with. `wanted` null: the key does not sign. */
export function issueSigning(
  keys: SigningKeys,
  wanted: WantedSigning | null,
): { signing: KeySigning | null; signingKey: string | null; signingSecret: string | null } {
  if (!wanted) return { signing: null, signingKey: null, signingSecret: null }
  if (wanted.algorithm === 'ed25519')
    return { signing: wanted, signingKey: wanted.publicKey, signingSecret: null }
  const { secret, sealed } = keys.issueSecret()
  const publicKey = isDialect(wanted.algorithm) ? keys.issueDialectKey(wanted.algorithm) : null
  return { signing: { ...wanted, publicKey }, signingKey: sealed, signingSecret: secret }
}
