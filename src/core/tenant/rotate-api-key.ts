import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { ApiKeyHasher } from './api-key-hasher.ts'
import { type ApiKey, apiKeyStatus, type IssuedApiKey } from './api-key.ts'
import { auditEntry } from './audit-entry.ts'
import { ApiKeyNotActive, ApiKeyNotFound, ScopeMissing } from './errors.ts'
import { missingScopes, type Scope } from './scopes.ts'
import { issueSigning, type SigningKeys } from './signing-keys.ts'

interface Deps {
  unitOfWork: UnitOfWork
  hasher: ApiKeyHasher
  signingKeys: SigningKeys
  clock: Clock
  ids: Ids
}

/**
 * Replaces a key by a new one with the same rights and a new secret. Both work for `overlapSeconds`, so that a deployment
 * can change over without a gap; the new key lives no longer than the old one would have. A shared signing secret is made
 * anew, a public key is kept: its private half never was here.
 *
 * @throws ApiKeyNotFound
 * @throws ApiKeyNotActive when it is expired, revoked, or already has a successor
 * @throws ScopeMissing when the key may do what the asking key may not: its new secret would hand that over
 */
export async function rotateApiKey(
  deps: Deps,
  command: { actor: Actor; held: readonly Scope[]; apiKeyId: string; overlapSeconds: number },
): Promise<IssuedApiKey> {
  const { actor, apiKeyId } = command
  const now = deps.clock.now()
  return deps.unitOfWork(actor.tenantId, async (tx) => {
    const old = await tx.apiKeys.lock(apiKeyId)
    if (!old) throw new ApiKeyNotFound()
    const status = apiKeyStatus(old, now)
    if (status !== 'active') throw new ApiKeyNotActive(`The key is ${status}; create a new one instead.`)
    if (old.replacedById)
      throw new ApiKeyNotActive('The key was rotated before; rotate the key that replaced it.')
    const missing = missingScopes(command.held, old.scopes)
    if (missing.length > 0) {
      throw new ScopeMissing(missing, `A key cannot rotate one that may do more: ${missing.join(', ')}.`)
    }
    const { signing, signingKey, signingSecret } = issueSigning(deps.signingKeys, old.signing)
    const apiKey: ApiKey = {
      ...old,
      signing,
      id: deps.ids.next(),
      createdAt: now,
      lastUsedAt: null,
      replacedById: null,
    }
    const issued = deps.hasher.issue(apiKey.environment, apiKey.id)
    const overlapEnds = new Date(now.getTime() + command.overlapSeconds * 1_000)
    const oldEnds = old.expiresAt && old.expiresAt < overlapEnds ? old.expiresAt : overlapEnds
    await tx.apiKeys.insert(apiKey, issued.hash, signingKey)
    await tx.apiKeys.replace(old.id, apiKey.id, oldEnds)
    await tx.audit.append(
      auditEntry(deps, actor, {
        action: 'api_key.rotated',
        subjectType: 'api_key',
        subjectId: old.id,
        details: { replaced_by_id: apiKey.id, expires_at: oldEnds },
      }),
    )
    return { apiKey, secret: issued.text, signingSecret }
  })
}
