import type { MemberRole } from './member.ts'
import type { Scope } from './scopes.ts'
import type { Environment } from './tenant.ts'

/** Who asks, once it is proven: a program by its key, or a person by a session. */
export interface Caller {
  /** The key's id, or the member's. */
  id: string
  tenantId: string
  /** Null: the whole tenant. */
  economyId: string | null
  /** Null: both. */
  environment: Environment | null
  scopes: readonly Scope[]
  /** Absent: a program. */
  member?: { sessionId: string; role: MemberRole }
}
