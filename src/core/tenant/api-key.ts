import type { Scope } from './scopes.ts'
import type { Environment } from './tenant.ts'

/** A program's credential. Its secret is known to its holder only; we keep a hash. */
export interface ApiKey {
  id: string
  name: string
  /** Null: a key of the whole tenant. Set: a key of one economy. */
  economyId: string | null
  environment: Environment
  scopes: readonly Scope[]
  /** Addresses and CIDR ranges it works from; empty: from everywhere. */
  ipAllowList: readonly string[]
  createdAt: Date
  expiresAt: Date | null
  /** To the minute, not to the request. */
  lastUsedAt: Date | null
  revokedAt: Date | null
  /** The key that takes its place after a rotation. */
  replacedById: string | null
  /** Null: the key is sent as a bearer token and signs nothing. */
  signing: KeySigning | null
}

/** The signatures of OST's own SDKs: of 2018 (`ost-v1`) and of 2019 (`ost-v2`). Both are HMACs with a shared secret. */
export const DIALECT_ALGORITHMS = ['ost-v1', 'ost-v2'] as const
export type DialectAlgorithm = (typeof DIALECT_ALGORITHMS)[number]

export const SIGNING_ALGORITHMS = ['hmac-sha256', 'ed25519', ...DIALECT_ALGORITHMS] as const
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number]

/** How a key signs requests instead of travelling in them. @see RFC 9421 */
export interface KeySigning {
  algorithm: SigningAlgorithm
  /**
   * Ed25519: the 32 bytes in base64url. OST dialects: what travels as `api_key`. HMAC: null. Shared secrets are shown once and
   * never again.
   */
  publicKey: string | null
  /** True: the key is refused as a bearer token, so that whoever reads it somewhere can do nothing with it. */
  isRequired: boolean
}

/** A key and its secrets, in the one moment in which all are known. */
export interface IssuedApiKey {
  apiKey: ApiKey
  secret: string
  /** Shared by the two sides of an HMAC or of an OST dialect; null for every other key. */
  signingSecret: string | null
}

/** Most entries of an address list: it is searched on every request. */
export const IP_ALLOW_LIST_MAX = 100
/** Seconds. Longest time for which the old and the new key both work after a rotation. */
export const ROTATION_OVERLAP_MAX = 7 * 24 * 3_600
/** Seconds. One working day to deploy the new secret. */
export const ROTATION_OVERLAP_DEFAULT = 24 * 3_600

/** Whether the key signs in one of OST's dialects. */
export function isDialect(algorithm: SigningAlgorithm): algorithm is DialectAlgorithm {
  return DIALECT_ALGORITHMS.some((dialect) => dialect === algorithm)
}

/** What the key is now: `expired` and `revoked` keys are refused. */
export function apiKeyStatus(
  key: Pick<ApiKey, 'expiresAt' | 'revokedAt'>,
  now: Date,
): 'active' | 'expired' | 'revoked' {
  if (key.revokedAt) return 'revoked'
  return key.expiresAt && key.expiresAt <= now ? 'expired' : 'active'
}
