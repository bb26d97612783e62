import type { ReceiverPolicy } from '#core/webhook/receiver-url.ts'
import { addressOf, isPublicAddress } from './address-policy.ts'

/** Which receivers may be registered. What a name resolves to is the connector's to check (public-connector.ts). */
export function createReceiverPolicy(config: {
  allowHttp: boolean
  allowPrivateNetworks: boolean
}): ReceiverPolicy {
  return {
    allowHttp: config.allowHttp,
    mayCall(hostname) {
      if (config.allowPrivateNetworks) return true
      const address = addressOf(hostname)
      return address === null ? !isLocalName(hostname) : isPublicAddress(address)
    },
  }
}

/** Names that stand for this machine or this network by definition (RFC 6761, RFC 6762, RFC 9476). */
function isLocalName(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/\.$/, '')
  return name === 'localhost' || /\.(localhost|local|internal|home\.arpa)$/.test(name) || !name.includes('.')
}
