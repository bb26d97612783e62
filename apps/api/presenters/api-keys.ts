import { type ApiKey, apiKeyStatus, type IssuedApiKey } from '#core/tenant/api-key.ts'
import { toWire } from './wire-id.ts'

export function presentApiKey(key: ApiKey, now: Date) {
  return {
    object: 'api_key' as const,
    id: toWire('key', key.id),
    name: key.name,
    economy_id: key.economyId && toWire('eco', key.economyId),
    environment: key.environment,
    scopes: [...key.scopes],
    ip_allow_list: [...key.ipAllowList],
    status: apiKeyStatus(key, now),
    created_at: key.createdAt.toISOString(),
    expires_at: key.expiresAt?.toISOString() ?? null,
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
    revoked_at: key.revokedAt?.toISOString() ?? null,
    replaced_by_id: key.replacedById && toWire('key', key.replacedById),
    signing: key.signing && {
      algorithm: key.signing.algorithm,
      public_key: key.signing.publicKey,
      required: key.signing.isRequired,
    },
  }
}

export function presentIssuedApiKey({ apiKey, secret, signingSecret }: IssuedApiKey, now: Date) {
  return { ...presentApiKey(apiKey, now), secret, signing_secret: signingSecret }
}
