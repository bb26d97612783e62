import { toBase64 } from './base64.ts'
import { randomId } from './random-id.ts'

/** An API key that signs (RFC 9421, hmac-sha256) instead of being sent. */
export interface SigningKey {
  /** `key_…` */
  keyId: string
  /** `signing_secret`, as the API showed it. */
  secret: string
}

/** Headers that are signed where they are sent. */
const SIGNED_HEADERS = ['idempotency-key', 'ost-economy']

/** The headers that prove who sends a request. `path` is what the API itself sees: from `/v3` on, with the query. */
export async function signatureHeaders(
  key: SigningKey,
  request: { method: string; path: string; headers: Readonly<Record<string, string>>; body: string | null },
): Promise<Record<string, string>> {
  const [path = '', query] = request.path.split('?')
  const digest = request.body === null ? undefined : await contentDigest(request.body)
  const components: [name: string, value: string][] = [
    ['@method', request.method],
    ['@path', path],
  ]
  if (query !== undefined) components.push(['@query', `?${query}`])
  if (digest !== undefined) components.push(['content-digest', digest])
  for (const name of SIGNED_HEADERS) {
    const value = request.headers[name]
    if (value !== undefined) components.push([name, value])
  }
  const names = components.map(([name]) => `"${name}"`).join(' ')
  const created = Math.floor(Date.now() / 1_000)
  const input = `(${names});created=${created};keyid="${key.keyId}";nonce="${randomId()}"`
  const lines = components.map(([name, value]) => `"${name}": ${value}`)
  const base = [...lines, `"@signature-params": ${input}`].join('\n')
  return {
    ...(digest !== undefined && { 'content-digest': digest }),
    'signature-input': `sig1=${input}`,
    signature: `sig1=:${toBase64(await hmac(key.secret, base))}:`,
  }
}

async function contentDigest(body: string): Promise<string> {
  return `sha-256=:${toBase64(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(body)))}:`
}

async function hmac(secret: string, text: string): Promise<ArrayBuffer> {
  const encoder = new TextEncoder()
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', encoder.encode(secret), algorithm, false, ['sign'])
  return crypto.subtle.sign('HMAC', key, encoder.encode(text))
}
