import { fromBase64 } from './base64.ts'
import { WebhookNotVerified } from './errors.ts'
import type { Event } from './generated/types.ts'
import type { EventSubject } from './event-subject.ts'

export interface ReceivedWebhook {
  /** As it came, before any parsing: printing it again would break the signature. */
  body: string | Uint8Array
  headers: Headers | Readonly<Record<string, string | string[] | undefined>>
  /** `whsec_…`; during a rotation either of the two. */
  secret: string
  /** Seconds that the clocks may differ and the request may have taken. Default: 300. */
  toleranceSeconds?: number
}

type VerifyingKey = Awaited<ReturnType<typeof importSecret>>

const TOLERANCE_SECONDS_DEFAULT = 300
const SECRET_PREFIX = /^whsec_/
const VERSION = 'v1,'

/**
 * The event that a webhook brought, once it is certain that the platform sent it (Standard Webhooks). Signatures are compared in constant
 * time. Deliveries may repeat: remember `event.id`.
 *
 * @throws WebhookNotVerified
 */
export async function verifyWebhook(
  received: ReceivedWebhook,
): Promise<Event & { data: EventSubject | null }> {
  const { body, secret, toleranceSeconds = TOLERANCE_SECONDS_DEFAULT } = received
  const id = headerOf(received, 'webhook-id')
  const timestamp = headerOf(received, 'webhook-timestamp')
  const signatures = headerOf(received, 'webhook-signature').split(' ')
  const ageSeconds = Math.abs(Date.now() / 1_000 - Number(timestamp))
  if (!/^\d+$/.test(timestamp) || ageSeconds > toleranceSeconds)
    throw new WebhookNotVerified('webhook-timestamp is too far from now.')
  const text = typeof body === 'string' ? body : new TextDecoder('utf-8', { ignoreBOM: true }).decode(body)
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${text}`)
  const key = await importSecret(secret)
  for (const signature of signatures) {
    if (signature.startsWith(VERSION) && (await isSignedBy(key, signature.slice(VERSION.length), signed))) {
      // Signed by the platform, which writes events in the shape that its description shows.
      return JSON.parse(text) as Event & { data: EventSubject | null }
    }
  }
  throw new WebhookNotVerified('webhook-signature was not made with the secret.')
}

function headerOf({ headers }: ReceivedWebhook, name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : ownHeader(headers, name)
  if (!value) throw new WebhookNotVerified(`The header ${name} is missing.`)
  return value
}

/** Whatever its case: servers differ in how they hand headers over. */
function ownHeader(headers: Readonly<Record<string, string | string[] | undefined>>, name: string) {
  const value = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1]
  return Array.isArray(value) ? value[0] : value
}

async function importSecret(secret: string) {
  const bytes = fromBase64(secret.replace(SECRET_PREFIX, ''))
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify'])
}

async function isSignedBy(
  key: VerifyingKey,
  signature: string,
  signed: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  try {
    return await crypto.subtle.verify('HMAC', key, fromBase64(signature), signed)
  } catch {
    // Not base64.
    return false
  }
}
