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
}

/** A key and its secret, in the one moment in which both are known. */
export interface IssuedApiKey {
  apiKey: ApiKey
  secret: string
}

/** Most entries of an address list: it is searched on every request. */
export const IP_ALLOW_LIST_MAX = 100
/** Seconds. Longest time for which the old and the new key both work after a rotation. */
export const ROTATION_OVERLAP_MAX = 7 * 24 * 3_600
/** Seconds. One working day to deploy the new secret. */
export const ROTATION_OVERLAP_DEFAULT = 24 * 3_600

/** What the key is now: `expired` and `revoked` keys are refused. */
export function apiKeyStatus(
  key: Pick<ApiKey, 'expiresAt' | 'revokedAt'>,
  now: Date,
): 'active' | 'expired' | 'revoked' {
  if (key.revokedAt) return 'revoked'
  return key.expiresAt && key.expiresAt <= now ? 'expired' : 'active'
}
