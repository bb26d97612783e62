import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
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

/** Signs messages with every secret in force: the headers by which a receiver knows that the body is ours. */
export type Sign = (message: SignedMessage) => Readonly<Record<string, string>>

/** The secrets are read once for all that is signed: made anew, a key costs several times what a signature does. */
export function createSign(format: WebhookFormat, secrets: readonly string[]): Sign {
  if (format === 'v3') {
    const keys = secrets.map(keyOf)
    return (message) => headersWith(keys, message)
  }
  const keys = secrets.map(ostKeyOf)
  return (message) => ostHeadersWith(keys, message)
}

/**
 * As Standard Webhooks has it.
 *
 * @see https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function signatureHeaders(secrets: readonly string[], message: SignedMessage) {
  return headersWith(secrets.map(keyOf), message)
}

/** One signature of the OST API v2. */
export function ostSignature(
  secret: string,
  message: { version: string; timestamp: string; body: string },
): string {
  return ostSignatureWith(ostKeyOf(secret), message)
}

function headersWith(
  keys: readonly KeyObject[],
  message: SignedMessage,
): Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string> {
  const timestamp = secondsOf(message)
  const signed = `${message.id}.${timestamp}.${message.body}`
  const signatures = keys.map((key) => `v1,${hmac(key, signed, 'base64')}`)
  return {
    'webhook-id': message.id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  }
}

/** As the OST API v2 has it: its SDKs look for their signature anywhere in the header. @see docs/ost-v2.md */
function ostHeadersWith(keys: readonly KeyObject[], message: Pick<SignedMessage, 'at' | 'body'>) {
  const timestamp = secondsOf(message)
  const signed = { version: OST_VERSION, timestamp, body: message.body }
  return {
    'ost-timestamp': timestamp,
    'ost-version': OST_VERSION,
    'api-signature-kind': OST_SIGNATURE_KIND,
    'ost-signature': keys.map((key) => ostSignatureWith(key, signed)).join(','),
  }
}

function ostSignatureWith(
  key: KeyObject,
  { version, timestamp, body }: { version: string; timestamp: string; body: string },
): string {
  return hmac(key, `${timestamp}.${version}.${body}`, 'hex')
}

function secondsOf({ at }: Pick<SignedMessage, 'at'>): string {
  return Math.floor(at.getTime() / 1_000).toString()
}

function keyOf(secret: string): KeyObject {
  return createSecretKey(secret.slice(SECRET_PREFIX.length), 'base64')
}

function ostKeyOf(secret: string): KeyObject {
  return createSecretKey(secret, 'utf8')
}

function hmac(key: KeyObject, text: string, encoding: 'base64' | 'hex'): string {
  return createHmac('sha256', key).update(text).digest(encoding)
}
