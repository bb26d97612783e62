import { type KeyBinding, type KeyVault, KeyUnreadable } from '#core/chain/key-vault.ts'
import { decryptJwe, encryptJwe, keyIdIn, keyIdOf } from './jwe.ts'

const KEY_BYTES = 32

/**
 * A vault under a key-encryption key of the configuration. `previousKeys` still open what was sealed before a rotation.
 * Lane and address are bound into each envelope.
 */
export function createKeyVault(options: { key: Uint8Array; previousKeys?: readonly Uint8Array[] }): KeyVault {
  const current = Uint8Array.from(options.key)
  const keys = [current, ...(options.previousKeys ?? [])]
  for (const key of keys)
    if (key.length !== KEY_BYTES) throw new TypeError(`a key-encryption key has ${KEY_BYTES} bytes`)
  const byId = new Map(keys.map((key) => [keyIdOf(key), key]))
  const currentId = keyIdOf(current)

  return {
    seal(privateKey, binding) {
      if (privateKey.length !== KEY_BYTES) throw new TypeError(`a private key has ${KEY_BYTES} bytes`)
      return encryptJwe(privateKey, current, { lane: binding.laneId, address: binding.address })
    },

    async open(jwe, binding) {
      const key = byId.get(keyIdIn(jwe) ?? '')
      if (!key)
        throw new KeyUnreadable(
          `the key of lane ${binding.laneId} is sealed under a key-encryption key we do not hold (${keyIdIn(jwe) ?? 'no envelope'}): add that key to KEY_ENCRYPTION_KEYS_PREVIOUS`,
        )
      return openWith(key, jwe, binding)
    },

    isOutdated: (jwe) => keyIdIn(jwe) !== currentId,
  }
}

async function openWith(key: Uint8Array, jwe: string, binding: KeyBinding): Promise<Uint8Array> {
  const { plaintext, header } = await decryptJwe(jwe, key).catch((cause: unknown) => {
    throw new KeyUnreadable(`the sealed key of lane ${binding.laneId} was altered`, { cause })
  })
  if (header['lane'] !== binding.laneId || header['address'] !== binding.address) {
    throw new KeyUnreadable(`the sealed key of lane ${binding.laneId} belongs to another lane`)
  }
  return plaintext
}
