import type { FastifyRequest } from 'fastify'
import { httpbis } from 'http-message-signatures'
import { type InnerList, isInnerList, type Parameters, parseDictionary } from 'structured-headers'
import type { VerifyBytes } from '#adapters/crypto/signing-keys.ts'
import type { SignedRequest } from '#core/tenant/authenticate-signature.ts'
import { SignatureInvalid, Unauthenticated } from '#core/tenant/errors.ts'
import { fromWire } from '../presenters/wire-id.ts'
import { ECONOMY_HEADER } from './economy-header.ts'

/** Headers that change what a request does: whoever sends one signs it. */
const MEANINGFUL = ['idempotency-key', ECONOMY_HEADER, 'content-digest']
const NONCE_LENGTH_MAX = 100

/** True when the request claims to be signed. */
export function isSigned(request: FastifyRequest): boolean {
  return request.headers['signature-input'] !== undefined || request.headers['signature'] !== undefined
}

/**
 * Reads the request's signature, without believing it yet: one signature, with `created`, `keyid` and `nonce`, over method,
 * path, query, the digest of the body, and every header that changes what the request does.
 *
 * @throws Unauthenticated without one · SignatureInvalid which says what is missing
 * @see RFC 9421
 */
export function readSignedRequest(request: FastifyRequest, verifyBytes: VerifyBytes): SignedRequest {
  if (!isSigned(request))
    throw new Unauthenticated('Send an API key (Authorization: Bearer ost_test_…), or sign the request.')
  const [fields, parameters] = onlySignature(request)
  refuseUncovered(request, fields)
  const created = parameters.get('created')
  const keyid = parameters.get('keyid')
  const nonce = parameters.get('nonce')
  if (typeof created !== 'number')
    throw new SignatureInvalid('Add `created` to the signature: seconds since 1970.')
  if (typeof keyid !== 'string')
    throw new SignatureInvalid('Add `keyid` to the signature: the id of the API key.')
  if (typeof nonce !== 'string' || nonce.length === 0 || nonce.length > NONCE_LENGTH_MAX) {
    throw new SignatureInvalid(
      `Add a \`nonce\` of 1 to ${NONCE_LENGTH_MAX} characters to the signature, new for every request.`,
    )
  }
  const keyId = fromWire('key', keyid)
  if (keyId === null) throw new SignatureInvalid('`keyid` is not the id of an API key: key_….')
  return {
    keyId,
    createdAt: new Date(created * 1_000),
    nonce,
    isSignedWith: async (signing) => {
      const message = { method: request.method, url: urlOf(request), headers: headersOf(request) }
      const key = {
        algs: [signing.algorithm],
        verify: (data: Buffer, signature: Buffer) => verifyBytes(signing, data, signature),
      }
      // The library refuses with an error what cannot be a genuine signature: another algorithm, fields that are not there.
      const check = httpbis.verifyMessage({ keyLookup: async () => key, notAfter: Infinity }, message)
      return (await check.catch(() => false)) === true
    },
  }
}

function onlySignature(request: FastifyRequest): InnerList {
  const inputs = dictionaryOf(request, 'signature-input')
  const signatures = dictionaryOf(request, 'signature')
  const [[name, input] = []] = inputs
  if (
    name === undefined ||
    input === undefined ||
    inputs.size !== 1 ||
    signatures.size !== 1 ||
    !signatures.has(name)
  )
    throw new SignatureInvalid('Send exactly one signature, under one name in Signature-Input and Signature.')
  if (!isInnerList(input))
    throw new SignatureInvalid('Signature-Input must list what is signed: name=("@method" …);…')
  return input
}

function dictionaryOf(request: FastifyRequest, name: string) {
  const value = request.headers[name]
  try {
    return parseDictionary(String(value ?? ''))
  } catch {
    throw new SignatureInvalid(`The header ${name} is not well-formed (RFC 8941).`)
  }
}

function refuseUncovered(request: FastifyRequest, fields: readonly (readonly [unknown, Parameters])[]): void {
  // A parameter changes what is covered: "content-digest";key="sha-512" is not the whole header.
  const covered = new Set(fields.flatMap(([name, parameters]) => (parameters.size === 0 ? [name] : [])))
  const needed = ['@method', '@path', ...MEANINGFUL.filter((name) => request.headers[name] !== undefined)]
  if (urlOf(request).includes('?')) needed.push('@query')
  if (hasBody(request)) needed.push('content-digest')
  const missing = [...new Set(needed)].filter((name) => !covered.has(name))
  if (missing.length === 0) return
  throw new SignatureInvalid(`The signature must cover ${missing.map((name) => `"${name}"`).join(', ')} too.`)
}

export function hasBody({ headers }: FastifyRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

function urlOf(request: FastifyRequest): string {
  return `http://${request.headers.host ?? 'localhost'}${request.raw.url ?? '/'}`
}

function headersOf({ headers }: FastifyRequest): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}
