import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** 32 bytes for one purpose out of the platform's key-encryption key: one purpose's bytes tell nothing about another's. */
export function deriveKey(keyEncryptionKey: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', keyEncryptionKey, new Uint8Array(0), `ost-kit/${purpose}`, KEY_BYTES))
}

/** Encrypts JSON values for the database (AES-256-GCM), so that a dump of it does not hold what responses held. */
export function createSealer(keyEncryptionKey: Uint8Array) {
  const key = deriveKey(keyEncryptionKey, 'sealed-response')
  return {
    seal(value: unknown): string {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, nonce)
      const text = Buffer.concat([cipher.update(JSON.stringify(value ?? null), 'utf8'), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url')
    },

    /** @throws Error when the text was changed or was sealed with another key. */
    open(sealed: string): unknown {
      const bytes = Buffer.from(sealed, 'base64url')
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES))
      decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
      const text = bytes.subarray(NONCE_BYTES + TAG_BYTES)
      return JSON.parse(Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8'))
    },
  }
}
