/** Scopes of the tenant itself. A key of one economy cannot have them. */
export const CONTROL_SCOPES = [
  'tenant:read',
  'economies:read',
  'economies:write',
  'members:read',
  'members:write',
  'keys:read',
  'keys:write',
  'audit:read',
] as const

/** Scopes of what is inside an economy. */
export const DATA_SCOPES = [
  'users:read',
  'users:write',
  'types:read',
  'types:write',
  'rules:read',
  'rules:write',
  'prices:read',
  'prices:write',
  'transactions:read',
  'transactions:write',
  'airdrops:read',
  'airdrops:write',
  'token:read',
  'events:read',
  'webhooks:read',
  'webhooks:write',
  'redemptions:read',
  'redemptions:write',
  'stakes:read',
  'stakes:write',
  'unstakes:read',
  'unstakes:write',
] as const

/** Everything a key may be allowed to do. Names are part of the API: they are never renamed. */
export const SCOPES = [...CONTROL_SCOPES, ...DATA_SCOPES] as const
export type Scope = (typeof SCOPES)[number]

const DATA: ReadonlySet<Scope> = new Set<Scope>(DATA_SCOPES)

/** True when a key of one economy may have the scope. */
export function isDataScope(scope: Scope): boolean {
  return DATA.has(scope)
}

/** The scopes of `wanted` that `held` does not contain. A write scope does not include its read scope. */
export function missingScopes(held: readonly Scope[], wanted: readonly Scope[]): Scope[] {
  return wanted.filter((scope) => !held.includes(scope))
}
