import { readFileSync } from 'node:fs'
import type { FastifyRequest } from 'fastify'
import { describe, expect, it } from 'vitest'
import { createVerifyBytes } from '#adapters/crypto/signing-keys.ts'
import { readSignedRequest } from '#apps/api/plugins/signed-request.ts'
import type { SigningAlgorithm } from '#core/tenant/api-key.ts'

interface Vector {
  name: string
  algorithm: SigningAlgorithm
  key: string
  method: string
  url: string
  headers: Record<string, string>
  base: string[]
}

const document = readFileSync('docs/signed-requests.md', 'utf8')
// The document's own block of vectors.
const vectors = JSON.parse(/```json\n([^]*?)\n```/.exec(document)?.[1] ?? '[]') as Vector[]
const verifyBytes = createVerifyBytes({ open: (sealed) => sealed })

/** The parts of a request that a signature speaks of. */
const request = ({ method, url, headers }: Vector) =>
  ({ method, raw: { url }, headers }) as unknown as FastifyRequest

describe('the test vectors of docs/signed-requests.md', () => {
  it('are four', () => expect(vectors).toHaveLength(4))

  it.each(vectors)('$name: holds', async (vector) => {
    const signed: string[] = []
    const { isSignedWith, createdAt, nonce } = readSignedRequest(
      request(vector),
      (signing, data, signature) => {
        signed.push(data.toString())
        return verifyBytes(signing, data, signature)
      },
    )
    const signing = { algorithm: vector.algorithm, key: vector.key, isRequired: false }
    expect(await isSignedWith(signing)).toBe(true)
    expect(signed).toEqual([vector.base.join('\n')])
    expect([createdAt.getTime(), nonce]).toEqual([1_795_215_239_000, '6f1b'])
    expect(await isSignedWith({ ...signing, key: vector.key.replace(/^./, 'A') }).catch(() => false)).toBe(
      false,
    )
  })
})
