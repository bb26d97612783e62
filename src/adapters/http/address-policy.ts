import ipaddr from 'ipaddr.js'

/** Addresses that answer questions about the machine, on ranges that look public (Azure's wire server). */
const METADATA = new Set(['168.63.129.16'])
/** All of IPv6 that is handed out to the public internet; what stands outside embeds other networks or is reserved. */
const IPV6_PUBLIC = ipaddr.IPv6.parseCIDR('2000::/3')

/**
 * Whether an address is one of the public internet: not loopback, private, link-local, carrier-grade NAT, cloud metadata,
 * multicast or reserved, nor an IPv6 address that stands for one of these (mapped, NAT64, 6to4, Teredo).
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.process(address)
  if (METADATA.has(parsed.toString())) return false
  if (parsed.range() !== 'unicast') return false
  return !(parsed instanceof ipaddr.IPv6) || parsed.match(IPV6_PUBLIC)
}

/** The address that a URL's host is, without brackets; null: it is a name. */
export function addressOf(hostname: string): string | null {
  const bare = hostname.startsWith('[') && hostname.endsWith(']') ? hostname.slice(1, -1) : hostname
  return ipaddr.isValid(bare) ? bare : null
}
