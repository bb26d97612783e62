import type { Caller } from './caller.ts'
import { OwnerRequired } from './errors.ts'
import type { MemberRole } from './member.ts'
import { DATA_SCOPES, type Scope, SCOPES } from './scopes.ts'

/**
 * What each role may do. Developers build: everything inside economies, and no keys, which would outlive their membership. Viewers read,
 * save the audit log, which tells of people.
 */
const SCOPES_OF: Readonly<Record<MemberRole, readonly Scope[]>> = {
  owner: SCOPES,
  admin: SCOPES,
  developer: [
    'tenant:read',
    'economies:read',
    'economies:write',
    'members:read',
    'keys:read',
    ...DATA_SCOPES,
  ],
  viewer: SCOPES.filter((scope) => scope.endsWith(':read') && scope !== 'audit:read'),
}

export function scopesOf(role: MemberRole): readonly Scope[] {
  return SCOPES_OF[role]
}

/**
 * What the caller may hand on to a key. A key has no role: one that may change members could make owners, so only owners make such keys.
 */
export function grantableScopes({ scopes, member }: Caller): readonly Scope[] {
  return !member || member.role === 'owner' ? scopes : scopes.filter((scope) => scope !== 'members:write')
}

/** Refuses who is no owner to touch one, or to make one. Null: a key, whose scope is all that counts. @throws OwnerRequired */
export function refuseAboveRole(actorRole: MemberRole | null, ...roles: readonly MemberRole[]): void {
  if (actorRole !== null && actorRole !== 'owner' && roles.includes('owner')) throw new OwnerRequired()
}
