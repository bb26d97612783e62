import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { keyIdOf } from './jwe.ts'

const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Hides what must not be readable at rest: a response may carry a key's secret. */
export interface Sealer {
  seal(value: unknown): string
  open(sealed: string): unknown
}

/** 32 bytes for one purpose out of the platform's key-encryption key: one purpose's bytes tell nothing about another's. */
export function deriveKey(keyEncryptionKey: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', keyEncryptionKey, new Uint8Array(0), `ost-kit/${purpose}`, KEY_BYTES))
}

/**
 * Encrypts JSON values for the database (AES-256-GCM), so that a dump of it does not hold what responses held. Sealed text
 * begins with the id of its key-encryption key and a dot; what was sealed before there were ids has none.
 *
 * @param previousKeys Still open what was sealed with them, before a rotation or ahead of one; nothing is sealed with them.
 */
export function createSealer(keyEncryptionKey: Uint8Array, previousKeys: readonly Uint8Array[] = []) {
  const all = [keyEncryptionKey, ...previousKeys]
  const keys = new Map(all.map((key) => [keyIdOf(key), deriveKey(key, 'sealed-response')]))
  const current = { id: keyIdOf(keyEncryptionKey), key: deriveKey(keyEncryptionKey, 'sealed-response') }

  function openText(sealed: string): string {
    const [blob = '', id] = sealed.split('.').toReversed()
    // Without an id it may be any key's; the tag tells.
    const candidates =
      id === undefined ? [...keys.values()] : [keys.get(id)].filter((key) => key !== undefined)
    for (const key of candidates) {
      const text = decrypt(key, Buffer.from(blob, 'base64url'))
      if (text !== null) return text
    }
    throw new Error(
      candidates.length === 0
        ? `a stored value is sealed under a key-encryption key we do not hold (${id}): add that key to KEY_ENCRYPTION_KEYS_PREVIOUS`
        : 'a stored value was altered, or is sealed under a key-encryption key that is missing in KEY_ENCRYPTION_KEYS_PREVIOUS',
    )
  }

  return {
    seal: (value: unknown): string => encrypt(current, JSON.stringify(value ?? null)),

    /** @throws Error when the text was changed or was sealed with a key we do not hold. */
    open: (sealed: string): unknown => JSON.parse(openText(sealed)),

    /** Whether the text is sealed under another key than the current one, or does not say under which. */
    isOutdated: (sealed: string): boolean => !sealed.startsWith(`${current.id}.`),

    /** The same value under the current key. @throws as `open` does */
    reseal: (sealed: string): string => encrypt(current, openText(sealed)),
  }
}

function encrypt({ id, key }: { id: string; key: Buffer }, text: string): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return `${id}.${Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url')}`
}

/** Null: another key's, or changed. */
function decrypt(key: Buffer, bytes: Buffer): string | null {
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES))
    decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
    const sealed = bytes.subarray(NONCE_BYTES + TAG_BYTES)
    return Buffer.concat([decipher.update(sealed), decipher.final()]).toString('utf8')
  } catch {
    return null
  }
}
