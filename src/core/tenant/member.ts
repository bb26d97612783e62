/** What a member may do, from most to least. An owner cannot be shut out: a tenant always keeps one. */
export const MEMBER_ROLES = ['owner', 'admin', 'developer', 'viewer'] as const
export type MemberRole = (typeof MEMBER_ROLES)[number]

/** A person of the tenant's team. */
export interface Member {
  id: string
  email: string
  name: string
  role: MemberRole
  createdAt: Date
}

/** Most members of one tenant. */
export const MEMBERS_MAX = 1_000
