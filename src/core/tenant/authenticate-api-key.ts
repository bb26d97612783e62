import { BlockList, isIP, isIPv4 } from 'node:net'
import type { Clock } from '../shared/clock.ts'
import type { ApiKeyHasher, ParsedApiKey } from './api-key-hasher.ts'
import { apiKeyStatus, type SigningAlgorithm } from './api-key.ts'
import {
  IpNotAllowed,
  KeyExpired,
  KeyRevoked,
  SignatureRequired,
  TenantSuspended,
  Unauthenticated,
} from './errors.ts'
import type { Scope } from './scopes.ts'
import type { Environment } from './tenant.ts'

/** What is known of a key before its tenant is. */
export interface Credential {
  id: string
  tenantId: string
  economyId: string | null
  environment: Environment
  secretHash: Uint8Array
  scopes: readonly Scope[]
  ipAllowList: readonly string[]
  expiresAt: Date | null
  revokedAt: Date | null
  /** What its signatures are checked with; null: it signs nothing. */
  signing: CredentialSigning | null
  tenantStatus: 'active' | 'suspended'
}

/** The checking half of a signing key, as it is stored: a sealed shared secret or a public key. */
export interface CredentialSigning {
  algorithm: SigningAlgorithm
  key: string
  isRequired: boolean
}

/** Port: finds a key by the id that travels in it, across tenants. At once where it is remembered. */
export type FindCredential = (keyId: string) => Credential | null | Promise<Credential | null>

interface Deps {
  hasher: ApiKeyHasher
  findCredential: FindCredential
  clock: Clock
}

/**
 * Decides whether `text` is a key that works now from `ip`. Nothing is looked up for a string that fails its checksum, and
 * nothing about a key is told to someone who does not know its secret.
 *
 * @throws Unauthenticated, SignatureRequired, KeyRevoked, KeyExpired, TenantSuspended, IpNotAllowed
 * @returns at once when the key is found at once.
 */
export function authenticateApiKey(deps: Deps, text: string, ip: string): Credential | Promise<Credential> {
  const parsed = deps.hasher.parse(text)
  if (!parsed)
    throw new Unauthenticated('This is not an API key of this platform. Check that it was copied whole.')
  const found = deps.findCredential(parsed.id)
  return found instanceof Promise
    ? found.then((credential) => prove(deps, parsed, credential, ip))
    : prove(deps, parsed, found, ip)
}

function prove(deps: Deps, parsed: ParsedApiKey, credential: Credential | null, ip: string): Credential {
  const isGenuine =
    deps.hasher.matches(parsed.secret, credential?.secretHash ?? NO_HASH) &&
    credential?.environment === parsed.environment
  if (!credential || !isGenuine) throw new Unauthenticated('The API key is not known.')
  admit(credential, deps.clock.now(), ip)
  if (credential.signing?.isRequired) throw new SignatureRequired()
  return credential
}

/**
 * Refuses a genuine key that does not work now or from here.
 * @throws KeyRevoked, KeyExpired, TenantSuspended, IpNotAllowed
 */
export function admit(credential: Credential, now: Date, ip: string): void {
  const status = apiKeyStatus(credential, now)
  if (status === 'revoked') throw new KeyRevoked()
  if (status === 'expired') throw new KeyExpired()
  if (credential.tenantStatus === 'suspended') throw new TenantSuspended()
  if (!isAllowedFrom(credential.ipAllowList, ip)) throw new IpNotAllowed(ip)
}

/** Compared with when there is no key, so that an unknown id takes the time of a wrong secret. */
const NO_HASH = new Uint8Array(32)

/** True when the list is empty or one of its addresses or ranges holds `ip`. An IPv4 address inside IPv6 counts as IPv4. */
export function isAllowedFrom(ipAllowList: readonly string[], ip: string): boolean {
  if (ipAllowList.length === 0) return true
  const allowed = new BlockList()
  for (const entry of ipAllowList) addRange(allowed, entry)
  const address = ip.startsWith('::ffff:') && isIPv4(ip.slice(7)) ? ip.slice(7) : ip
  return isIP(address) !== 0 && allowed.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')
}

/** True when the text is an address, or a range in CIDR form. */
export function isIpRange(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  if (prefix === undefined) return true
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128)
}

function addRange(list: BlockList, entry: string): void {
  const [address = '', prefix] = entry.split('/')
  const family = isIPv4(address) ? 'ipv4' : 'ipv6'
  if (prefix === undefined) list.addAddress(address, family)
  else list.addSubnet(address, Number(prefix), family)
}
