import { createHash, timingSafeEqual } from 'node:crypto'
import { Transform } from 'node:stream'
import type { FastifyRequest, RequestPayload } from 'fastify'
import { isInnerList, parseDictionary } from 'structured-headers'
import { SignatureInvalid } from '#core/tenant/errors.ts'

const HASHES: Record<string, string> = { 'sha-256': 'sha256', 'sha-512': 'sha512' }

/**
 * Passes a body on and fails where it is not the one that Content-Digest describes: so a signature over that header is one
 * over the body.
 *
 * @throws SignatureInvalid when the header names no digest that we know
 * @see RFC 9530
 */
export function checkDigest(request: FastifyRequest, payload: RequestPayload): RequestPayload {
  const { hash, digest } = digestOf(request)
  const running = createHash(hash)
  return payload.pipe(
    new Transform({
      transform(chunk: Buffer, _encoding, done) {
        running.update(chunk)
        done(null, chunk)
      },
      flush(done) {
        const actual = running.digest()
        const isSame = actual.length === digest.length && timingSafeEqual(actual, digest)
        done(isSame ? null : new SignatureInvalid('The body is not the one that Content-Digest describes.'))
      },
    }),
  )
}

function digestOf(request: FastifyRequest): { hash: string; digest: Buffer } {
  const header = String(request.headers['content-digest'] ?? '')
  for (const [name, item] of readDictionary(header)) {
    const hash = HASHES[name]
    if (hash === undefined || isInnerList(item) || !(item[0] instanceof ArrayBuffer)) continue
    return { hash, digest: Buffer.from(item[0]) }
  }
  throw new SignatureInvalid('Content-Digest must hold a sha-256 or sha-512 digest of the body: sha-256=:…:.')
}

function readDictionary(header: string) {
  try {
    return parseDictionary(header)
  } catch {
    throw new SignatureInvalid('The header content-digest is not well-formed (RFC 8941).')
  }
}
