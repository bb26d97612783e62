import { createSampleTypes } from '../dialect/sample-types.ts'
import { EconomyNotFound, EnvironmentMismatch } from '../economy/errors.ts'
import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import { type FieldError, InvalidRequest } from '../shared/errors.ts'
import type { Stores } from '../stores.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { ApiKeyHasher } from './api-key-hasher.ts'
import { type ApiKey, type IssuedApiKey, isDialect } from './api-key.ts'
import { auditEntry } from './audit-entry.ts'
import { isIpRange } from './authenticate-api-key.ts'
import { ScopeMissing } from './errors.ts'
import { isDataScope, missingScopes, type Scope } from './scopes.ts'
import { issueSigning, type SigningKeys, type WantedSigning } from './signing-keys.ts'
import type { Environment } from './tenant.ts'

export interface CreateApiKey {
  actor: Actor
  /** Scopes of the key that asks: nobody hands on more than they hold. */
  held: readonly Scope[]
  name: string
  /** Null: a key of the whole tenant. */
  economyId: string | null
  environment: Environment
  scopes: readonly Scope[]
  ipAllowList: readonly string[]
  expiresAt: Date | null
  /** Null: the key signs nothing. */
  signing: WantedSigning | null
}

interface Deps {
  unitOfWork: UnitOfWork
  hasher: ApiKeyHasher
  signingKeys: SigningKeys
  clock: Clock
  ids: Ids
}

/**
 * Creates a key. The secret is in the answer and nowhere else. A key of an economy has that economy's environment and
 * scopes inside it only. The first one for an SDK of 2018 comes with that time's sample actions.
 *
 * @throws ScopeMissing when it would grant what the asking key lacks
 * @throws InvalidRequest, EconomyNotFound, EnvironmentMismatch
 */
export async function createApiKey(deps: Deps, command: CreateApiKey): Promise<IssuedApiKey> {
  const missing = missingScopes(command.held, command.scopes)
  if (missing.length > 0) {
    throw new ScopeMissing(missing, `A key cannot grant what it lacks itself: ${missing.join(', ')}.`)
  }
  const now = deps.clock.now()
  refuseUnusable(deps.signingKeys, command, now)
  const id = deps.ids.next()
  const issued = deps.hasher.issue(command.environment, id)
  const { actor, name, economyId, environment, scopes, ipAllowList, expiresAt } = command
  const { signing, signingKey, signingSecret } = issueSigning(deps.signingKeys, command.signing)
  const apiKey: ApiKey = {
    id,
    name,
    economyId,
    environment,
    scopes,
    ipAllowList,
    createdAt: now,
    expiresAt,
    lastUsedAt: null,
    revokedAt: null,
    replacedById: null,
    signing,
  }
  await deps.unitOfWork(actor.tenantId, async (tx) => {
    if (economyId) await requireEconomy(tx, economyId, environment)
    if (economyId && signing?.algorithm === 'ost-v1')
      await createSampleTypes(deps, tx, { tenantId: actor.tenantId, economyId })
    await tx.apiKeys.insert(apiKey, issued.hash, signingKey)
    await tx.audit.append(
      auditEntry(deps, actor, {
        action: 'api_key.created',
        subjectType: 'api_key',
        subjectId: id,
        details: { name, economy_id: economyId, environment, scopes, expires_at: expiresAt },
      }),
    )
  })
  return { apiKey, secret: issued.text, signingSecret }
}

function refuseUnusable(keys: SigningKeys, command: CreateApiKey, now: Date): void {
  const wrong: FieldError[] = signingProblems(keys, command.signing)
  if (command.economyId === null && command.signing && isDialect(command.signing.algorithm))
    wrong.push({ pointer: '/economy_id', detail: 'is needed: an OST SDK speaks for one economy' })
  for (const [index, entry] of command.ipAllowList.entries()) {
    if (!isIpRange(entry))
      wrong.push({ pointer: `/ip_allow_list/${index}`, detail: 'is no IP address and no CIDR range' })
  }
  if (command.expiresAt && command.expiresAt <= now)
    wrong.push({ pointer: '/expires_at', detail: 'must be in the future' })
  for (const [index, scope] of command.scopes.entries()) {
    if (command.economyId && !isDataScope(scope)) {
      wrong.push({
        pointer: `/scopes/${index}`,
        detail: `${scope} is a scope of the tenant; a key of one economy cannot have it`,
      })
    }
  }
  if (wrong.length > 0) throw new InvalidRequest(wrong)
}

function signingProblems(keys: SigningKeys, signing: WantedSigning | null): FieldError[] {
  if (!signing) return []
  const { algorithm, publicKey } = signing
  const pointer = '/signing/public_key'
  if (algorithm !== 'ed25519')
    return publicKey === null
      ? []
      : [{ pointer, detail: `is for ed25519 only; ${algorithm} has a shared secret` }]
  if (publicKey === null) return [{ pointer, detail: 'is missing: the public half of your Ed25519 key' }]
  if (keys.isPublicKey(publicKey)) return []
  return [{ pointer, detail: 'is no Ed25519 public key: send its 32 bytes in base64url' }]
}

async function requireEconomy(tx: Stores, economyId: string, environment: Environment): Promise<void> {
  const economy = await tx.economies.find(economyId)
  if (!economy) throw new EconomyNotFound()
  if (economy.environment !== environment) throw new EnvironmentMismatch(environment, economy.environment)
}
