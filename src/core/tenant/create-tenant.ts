import type { Actor } from '../shared/actor.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import type { UnitOfWork } from '../unit-of-work.ts'
import type { ApiKeyHasher } from './api-key-hasher.ts'
import type { ApiKey, IssuedApiKey } from './api-key.ts'
import { auditEntry } from './audit-entry.ts'
import type { Member } from './member.ts'
import { SCOPES } from './scopes.ts'
import type { Environment, Tenant } from './tenant.ts'

export interface CreateTenant {
  /** Chosen by the caller, because the unit of work acts for it before it exists. */
  tenantId: string
  name: string
  owner: { email: string; name: string }
  environment: Environment
  /** Who creates it; the new tenant's log begins with this. */
  actor: Omit<Actor, 'tenantId'>
}

interface Deps {
  unitOfWork: UnitOfWork
  hasher: ApiKeyHasher
  clock: Clock
  ids: Ids
}

/**
 * Creates a tenant with its owner and a first key of the whole tenant with every scope. The secret is in the answer and
 * nowhere else.
 *
 * Atomic: a tenant never exists without an owner and a key.
 */
export async function createTenant(
  deps: Deps,
  command: CreateTenant,
): Promise<{ tenant: Tenant; owner: Member } & IssuedApiKey> {
  const now = deps.clock.now()
  const tenant: Tenant = { id: command.tenantId, name: command.name, status: 'active', createdAt: now }
  const owner: Member = { id: deps.ids.next(), ...command.owner, role: 'owner', createdAt: now }
  const apiKey: ApiKey = {
    id: deps.ids.next(),
    name: 'First key',
    economyId: null,
    environment: command.environment,
    scopes: SCOPES,
    ipAllowList: [],
    createdAt: now,
    expiresAt: null,
    lastUsedAt: null,
    revokedAt: null,
    replacedById: null,
    signing: null,
  }
  const issued = deps.hasher.issue(apiKey.environment, apiKey.id)
  const actor: Actor = { ...command.actor, tenantId: tenant.id }
  await deps.unitOfWork(tenant.id, async (tx) => {
    await tx.tenants.insert(tenant)
    await tx.members.insert(owner)
    await tx.apiKeys.insert(apiKey, issued.hash, null)
    await tx.audit.append(
      auditEntry(deps, actor, {
        action: 'tenant.created',
        subjectType: 'tenant',
        subjectId: tenant.id,
        details: { name: tenant.name, owner_id: owner.id, api_key_id: apiKey.id },
      }),
    )
  })
  return { tenant, owner, apiKey, secret: issued.text, signingSecret: null }
}
