import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { apiKeyHasher } from '#adapters/crypto/api-key-hasher.ts'
import { ids } from '#adapters/crypto/ids.ts'
import { createSealer, deriveKey } from '#adapters/crypto/sealer.ts'

describe('apiKeyHasher', () => {
  it('takes apart what it made', () => {
    for (const environment of ['sandbox', 'production'] as const) {
      const id = ids.next()
      const { text, hash } = apiKeyHasher.issue(environment, id)
      const parsed = apiKeyHasher.parse(text)
      expect(parsed).toMatchObject({ id, environment })
      expect(apiKeyHasher.matches(parsed?.secret ?? '', hash)).toBe(true)
      expect(Buffer.from(hash).toString('utf8')).not.toContain(parsed?.secret)
    }
  })

  it('notices one wrong character anywhere', () => {
    const { text } = apiKeyHasher.issue('sandbox', ids.next())
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.constantFrom('0', 'a', 'Z', '_', 'x', '9'), (at, char) => {
        if (text[at] === char) return
        expect(apiKeyHasher.parse(`${text.slice(0, at)}${char}${text.slice(at + 1)}`)).toBeNull()
      }),
    )
  })

  it('takes no other text for a key', () => {
    fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => apiKeyHasher.parse(text) === null))
  })

  it('never makes the same secret twice', () => {
    const id = ids.next()
    const texts = new Set(Array.from({ length: 100 }, () => apiKeyHasher.issue('sandbox', id).text))
    expect(texts.size).toBe(100)
  })
})

describe('sealer', () => {
  const key = new Uint8Array(32).fill(7)

  it('opens what it sealed, and hides it', () => {
    const sealer = createSealer(key)
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(sealer.open(sealer.seal(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
    expect(Buffer.from(sealer.seal({ secret: 'ost_test_x' }), 'base64url').toString('latin1')).not.toContain(
      'ost_test_x',
    )
  })

  it('does not open what was changed or sealed with another key', () => {
    const sealed = createSealer(key).seal({ a: 1 })
    const bytes = Buffer.from(sealed, 'base64url')
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
    expect(() => createSealer(key).open(bytes.toString('base64url'))).toThrow()
    expect(() => createSealer(new Uint8Array(32)).open(sealed)).toThrow()
  })

  it('derives a different key for each purpose', () => {
    expect(deriveKey(key, 'a')).not.toEqual(deriveKey(key, 'b'))
    expect(deriveKey(key, 'a')).toEqual(deriveKey(key, 'a'))
  })
})
