/** What a sealed key belongs to. Bound into the envelope, so that keys cannot be swapped between rows. */
export interface KeyBinding {
  laneId: string
  /** Lower-case hex with 0x. */
  address: string
}

/** Port: encrypts private keys for storage and opens them again. */
export interface KeyVault {
  /** The key as a JWE under the current key-encryption key. */
  seal(privateKey: Uint8Array, binding: KeyBinding): Promise<string>
  /** @throws KeyUnreadable when the JWE was made for another row, under a key we do not hold, or was altered. */
  open(jwe: string, binding: KeyBinding): Promise<Uint8Array>
  /** Whether the JWE is under an older key-encryption key and should be sealed anew. */
  isOutdated(jwe: string): boolean
}

/** A sealed key cannot be opened. Says why without saying anything of the key. */
export class KeyUnreadable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'KeyUnreadable'
  }
}
