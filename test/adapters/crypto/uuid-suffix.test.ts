import { randomBytes } from 'node:crypto'
import { TypeID } from 'typeid-js'
import { uuidv7obj } from 'uuidv7'
import { describe, expect, it } from 'vitest'
import { suffixOf, textOf, uuidOf } from '#adapters/crypto/uuid-suffix.ts'

const uuidOfBytes = (bytes: Uint8Array) =>
  Buffer.from(bytes)
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

describe('the suffix of a TypeID', () => {
  const samples = [
    new Uint8Array(16),
    new Uint8Array(16).fill(255),
    ...Array.from({ length: 500 }, () => randomBytes(16)),
  ]

  it('is what typeid-js makes of the same UUID, and leads back to it', () => {
    for (const bytes of samples) {
      const uuid = uuidOfBytes(bytes)
      const suffix = TypeID.fromUUIDBytes('usr', bytes).getSuffix()
      expect([suffixOf(uuid), uuidOf(suffix)]).toEqual([suffix, uuid])
    }
  })
})

describe('the text of a UUID', () => {
  it('is what the generator would write itself', () => {
    for (let count = 0; count < 500; count += 1) {
      const uuid = uuidv7obj()
      expect(textOf(uuid.bytes)).toBe(uuid.toString())
    }
  })
})
