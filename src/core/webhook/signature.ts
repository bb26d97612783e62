import { createHmac, randomBytes } from 'node:crypto'
import type { WebhookFormat } from './webhook.ts'

const SECRET_PREFIX = 'whsec_'
/** Standard Webhooks asks for 24 to 64; the OST API v2 has 32, as 64 hexadecimal digits. */
const SECRET_BYTES = 32
const OST_VERSION = 'v2'
const OST_SIGNATURE_KIND = 'OST1-WEBHOOK-HMAC-SHA256'

/** What is signed: the event's id, the same on every try, the time of this try, and the body as it is sent. */
export interface SignedMessage {
  id: string
  at: Date
  body: string
}

/** A new signing secret, in the form that the format's verifying libraries take. */
export function newSecret(format: WebhookFormat = 'v3'): string {
  const secret = randomBytes(SECRET_BYTES)
  return format === 'v3' ? `${SECRET_PREFIX}${secret.toString('base64')}` : secret.toString('hex')
}

/** The headers by which a receiver knows that the body is ours: every secret in force signs. */
export function headersFor(
  format: WebhookFormat,
  secrets: readonly string[],
  message: SignedMessage,
): Readonly<Record<string, string>> {
  return format === 'v3' ? signatureHeaders(secrets, message) : ostSignatureHeaders(secrets, message)
}

/**
 * As Standard Webhooks has it.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signatureHeaders(
  secrets: readonly string[],
  message: SignedMessage,
): Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string> {
  const timestamp = secondsOf(message)
  const signed = `${message.id}.${timestamp}.${message.body}`
  const signatures = secrets.map((secret) => `v1,${hmac(keyOf(secret), signed, 'base64')}`)
  return {
    'webhook-id': message.id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  }
}

/** As the OST API v2 has it: its SDKs look for their signature anywhere in the header. @see docs/ost-v2.md */
export function ostSignatureHeaders(secrets: readonly string[], message: Pick<SignedMessage, 'at' | 'body'>) {
  const timestamp = secondsOf(message)
  return {
    'ost-timestamp': timestamp,
    'ost-version': OST_VERSION,
    'api-signature-kind': OST_SIGNATURE_KIND,
    'ost-signature': secrets
      .map((secret) => ostSignature(secret, { version: OST_VERSION, timestamp, body: message.body }))
      .join(','),
  }
}

/** One signature of the OST API v2. */
export function ostSignature(
  secret: string,
  { version, timestamp, body }: { version: string; timestamp: string; body: string },
): string {
  return hmac(Buffer.from(secret, 'utf8'), `${timestamp}.${version}.${body}`, 'hex')
}

function secondsOf({ at }: Pick<SignedMessage, 'at'>): string {
  return Math.floor(at.getTime() / 1_000).toString()
}

function keyOf(secret: string): Buffer {
  return Buffer.from(secret.slice(SECRET_PREFIX.length), 'base64')
}

function hmac(key: Buffer, text: string, encoding: 'base64' | 'hex'): string {
  return createHmac('sha256', key).update(text).digest(encoding)
}
