import { WebhookUrlRefused } from './errors.ts'

/** Which receivers the platform's configuration allows. */
export interface ReceiverPolicy {
  allowHttp: boolean
  /** Whether the host, where it is an address and not a name, may be called. Names are checked when they are resolved. */
  mayCall(hostname: string): boolean
}

/**
 * A receiver's address in its normal form. What a name resolves to is checked at every connection and not here, because it
 * may change between any two of them.
 *
 * @throws WebhookUrlRefused
 */
export function receiverUrl(text: string, policy: ReceiverPolicy): string {
  const url = URL.parse(text)
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new WebhookUrlRefused('must be an https URL')
  }
  if (url.protocol === 'http:' && !policy.allowHttp) throw new WebhookUrlRefused('must begin with https://')
  if (url.username !== '' || url.password !== '') {
    throw new WebhookUrlRefused('must not hold a user name or password: deliveries are signed instead')
  }
  if (!policy.mayCall(url.hostname)) throw new WebhookUrlRefused('must be an address of the public internet')
  url.hash = ''
  return url.href
}
