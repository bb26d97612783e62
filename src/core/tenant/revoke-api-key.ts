import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import { auditEntry } from './audit-entry.ts'
import { ApiKeyNotFound } from './errors.ts'

/**
 * Ends a key for good; every process refuses it within a second. Revoking it again changes nothing.
 *
 * @throws ApiKeyNotFound
 */
export async function revokeApiKey(
  deps: { unitOfWork: UnitOfWork; clock: Clock; ids: Ids },
  command: { actor: Actor; apiKeyId: string },
): Promise<void> {
  const { actor, apiKeyId } = command
  await deps.unitOfWork(actor.tenantId, async (tx) => {
    const key = await tx.apiKeys.lock(apiKeyId)
    if (!key) throw new ApiKeyNotFound()
    if (key.revokedAt) return
    await tx.apiKeys.revoke(apiKeyId, deps.clock.now())
    await tx.audit.append(
      auditEntry(deps, actor, { action: 'api_key.revoked', subjectType: 'api_key', subjectId: apiKeyId }),
    )
  })
}
