import { CompactEncrypt, compactDecrypt, decodeProtectedHeader } from 'jose'
import { createHash } from 'node:crypto'

const KEY_ID_BYTES = 9
const ALGORITHM = 'A256GCMKW'
const ENCRYPTION = 'A256GCM'

/** Members that the envelope authenticates besides its own; none of them is secret. */
export type BoundHeader = Readonly<Record<string, string>>

/** Names a key-encryption key by a digest of it, so that a rotated key needs no further setting. */
export function keyIdOf(key: Uint8Array): string {
  return createHash('sha256')
    .update('ost-kit key id')
    .update(key)
    .digest()
    .subarray(0, KEY_ID_BYTES)
    .toString('base64url')
}

/**
 * Envelope encryption: a fresh content key per secret, wrapped by `key`. `bound` stands in the protected header, which is
 * the additional data of AES-GCM: changing it breaks the envelope.
 * @see RFC 7516, RFC 7518 §4.7
 */
export async function encryptJwe(
  plaintext: Uint8Array,
  key: Uint8Array,
  bound: BoundHeader,
): Promise<string> {
  return new CompactEncrypt(plaintext)
    .setProtectedHeader({ ...bound, alg: ALGORITHM, enc: ENCRYPTION, kid: keyIdOf(key) })
    .encrypt(key)
}

/** @throws when the envelope is not ours, was altered, or was made with another key. */
export async function decryptJwe(
  jwe: string,
  key: Uint8Array,
): Promise<{ plaintext: Uint8Array; header: Readonly<Record<string, unknown>> }> {
  const { plaintext, protectedHeader } = await compactDecrypt(jwe, key, {
    keyManagementAlgorithms: [ALGORITHM],
    contentEncryptionAlgorithms: [ENCRYPTION],
  })
  return { plaintext, header: protectedHeader }
}

/** The id of the key that the envelope was made with; null for what is no envelope. */
export function keyIdIn(jwe: string): string | null {
  try {
    return decodeProtectedHeader(jwe).kid ?? null
  } catch {
    return null
  }
}
