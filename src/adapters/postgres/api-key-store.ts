import { type ApiKey, isDialect, type KeySigning, type SigningAlgorithm } from '#core/tenant/api-key.ts'
import type { ApiKeyStore } from '#core/tenant/api-key-store.ts'
import type { Credential } from '#core/tenant/authenticate-api-key.ts'
import type { Scope } from '#core/tenant/scopes.ts'
import type { Environment } from '#core/tenant/tenant.ts'
import type { Database, PrismaTx } from './database.ts'
import type { ApiKey as ApiKeyRow } from './generated/client.ts'
import { pageOf, pageQuery } from './page.ts'

export function createApiKeyStore(tx: PrismaTx, tenantId: string): ApiKeyStore {
  const find = async (id: string) => {
    const row = await tx.apiKey.findFirst({ where: { tenantId, id } })
    return row && toApiKey(row)
  }
  return {
    find,

    async insert(key, secretHash, signingKey) {
      const { scopes, ipAllowList, signing, ...rest } = key
      const lists = { scopes: [...scopes], ipAllowList: [...ipAllowList] }
      const signs = {
        signingAlgorithm: signing?.algorithm ?? null,
        signingKey,
        dialectKey: signing && isDialect(signing.algorithm) ? signing.publicKey : null,
        requiresSignature: signing?.isRequired ?? false,
      }
      await tx.apiKey.create({
        data: { ...rest, ...lists, ...signs, tenantId, secretHash: Uint8Array.from(secretHash) },
      })
    },

    async lock(id) {
      await tx.$queryRaw`SELECT FROM api_key WHERE tenant_id = ${tenantId}::uuid AND id = ${id}::uuid FOR UPDATE`
      return find(id)
    },

    async list(page, filter) {
      const query = pageQuery(page)
      const rows = await tx.apiKey.findMany({ ...query, where: { ...query.where, tenantId, ...filter } })
      return pageOf(rows, page, toApiKey)
    },

    async replace(id, replacedById, expiresAt) {
      await tx.apiKey.updateMany({ where: { tenantId, id }, data: { replacedById, expiresAt } })
    },

    async revoke(id, at) {
      await tx.apiKey.updateMany({ where: { tenantId, id }, data: { revokedAt: at } })
    },
  }
}

interface CredentialRow {
  id: string
  tenant_id: string
  economy_id: string | null
  environment: Environment
  secret_hash: Buffer
  scopes: Scope[]
  ip_allow_list: string[]
  expires_at: Date | null
  revoked_at: Date | null
  signing_algorithm: SigningAlgorithm | null
  signing_key: string | null
  requires_signature: boolean
  tenant_status: Credential['tenantStatus']
}

/** Looks a key up by its id, across tenants: the one question that is asked before a tenant is known. */
export function createFindCredential(
  database: Pick<Database, 'readForNobody'>,
): (keyId: string) => Promise<Credential | null> {
  return async (keyId) => {
    const [row] = await database.readForNobody<CredentialRow>(
      'authenticate_api_key',
      'SELECT * FROM authenticate_api_key($1)',
      [keyId],
    )
    return row ? toCredential(row) : null
  }
}

/** The same by what travels as `api_key` in an OST dialect. */
export function createFindDialectCredential(
  database: Pick<Database, 'readForNobody'>,
): (dialectKey: string) => Promise<Credential | null> {
  return async (dialectKey) => {
    const [row] = await database.readForNobody<CredentialRow>(
      'authenticate_dialect_key',
      'SELECT * FROM authenticate_dialect_key($1)',
      [dialectKey],
    )
    return row ? toCredential(row) : null
  }
}

function toCredential(row: CredentialRow): Credential {
  const { signing_algorithm: algorithm, signing_key: key } = row
  return {
    id: row.id,
    tenantId: row.tenant_id,
    economyId: row.economy_id,
    environment: row.environment,
    secretHash: row.secret_hash,
    scopes: row.scopes,
    ipAllowList: row.ip_allow_list,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    signing: algorithm && key ? { algorithm, key, isRequired: row.requires_signature } : null,
    tenantStatus: row.tenant_status,
  }
}

/** Notes that a key was used, to the minute: whoever comes later within it changes nothing. */
export function createTouchApiKey(database: Pick<Database, 'read'>) {
  return async (tenantId: string, keyId: string, at: Date): Promise<void> => {
    await database.read(
      tenantId,
      'touch_api_key',
      `UPDATE api_key SET last_used_at = $3
       WHERE tenant_id = $1 AND id = $2 AND (last_used_at IS NULL OR last_used_at < $3::timestamptz - interval '1 minute')`,
      [tenantId, keyId, at],
    )
  }
}

function toApiKey(row: ApiKeyRow): ApiKey {
  const { id, name, economyId, ipAllowList, createdAt, expiresAt, lastUsedAt, revokedAt, replacedById } = row
  // Written by this store only, from values of these types.
  const environment = row.environment as Environment
  const scopes = row.scopes as Scope[]
  return {
    id,
    name,
    economyId,
    environment,
    scopes,
    ipAllowList,
    createdAt,
    expiresAt,
    lastUsedAt,
    revokedAt,
    replacedById,
    signing: signingOf(row),
  }
}

function signingOf({
  signingAlgorithm,
  signingKey,
  dialectKey,
  requiresSignature,
}: ApiKeyRow): KeySigning | null {
  if (!signingAlgorithm) return null
  // Written by this store only.
  const algorithm = signingAlgorithm as SigningAlgorithm
  return {
    algorithm,
    publicKey: algorithm === 'ed25519' ? signingKey : dialectKey,
    isRequired: requiresSignature,
  }
}
