import { type LookupAddress, promises as dns } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { buildConnector } from 'undici'
import { addressOf, isPublicAddress } from './address-policy.ts'

/** Milliseconds for a connection, TLS included. */
const CONNECT_TIMEOUT_MS = 5_000
/** Milliseconds for one question to a name server, and how often it is asked. */
const RESOLVE_TIMEOUT_MS = 2_000
const RESOLVE_TRIES = 2

/** All addresses of a name. */
export type Resolve = (hostname: string) => Promise<LookupAddress[]>

/** The receiver has no address that may be called. */
export class AddressRefused extends Error {
  override readonly name = 'AddressRefused'
}

/**
 * Opens connections to public addresses only. The address is checked that the connection is then made to, whatever the name
 * said before or says after: a name that changes its mind (DNS rebinding) gains nothing. Certificates are verified.
 */
export function createPublicConnector(resolve: Resolve = createResolver()): buildConnector.connector {
  const connect = buildConnector({ timeout: CONNECT_TIMEOUT_MS, lookup: createPublicLookup(resolve) })
  return (options, callback) => {
    // An address needs no look-up, so it would pass by it.
    const address = addressOf(options.hostname)
    if (address !== null && !isPublicAddress(address)) {
      callback(new AddressRefused('The address of the receiver is not one of the public internet.'), null)
      return
    }
    connect(options, callback)
  }
}

function createPublicLookup(resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    const answer = async (): Promise<LookupAddress[]> => {
      const addresses = await resolve(hostname)
      const allowed = addresses.filter(({ address }) => isPublicAddress(address))
      if (allowed.length === 0) {
        throw new AddressRefused(`${hostname} has no address of the public internet.`)
      }
      return allowed
    }
    answer().then(
      (allowed) => {
        const [first] = allowed
        if (options.all === true || !first) callback(null, allowed)
        else callback(null, first.address, first.family)
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), ''),
    )
  }
}

/** Asks the name servers directly: the system's own look-up runs on a few threads, which slow names could fill. */
function createResolver(): Resolve {
  const resolver = new dns.Resolver({ timeout: RESOLVE_TIMEOUT_MS, tries: RESOLVE_TRIES })
  return async (hostname) => {
    const [v4, v6] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)])
    const addresses = [
      ...(v4.status === 'fulfilled' ? v4.value.map((address) => ({ address, family: 4 })) : []),
      ...(v6.status === 'fulfilled' ? v6.value.map((address) => ({ address, family: 6 })) : []),
    ]
    if (addresses.length === 0 && v4.status === 'rejected') throw v4.reason
    return addresses
  }
}
