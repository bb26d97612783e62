import type { Page, PageRequest } from '../shared/page.ts'
import type { AuditEntry, AuditSubject } from './audit-entry.ts'

/** Which entries to list; absent fields do not restrict. */
export interface AuditFilter {
  action?: string
  subjectType?: AuditSubject
  subjectId?: string
  /** From this moment on. */
  since?: Date
  /** Before this moment. */
  until?: Date
}

/** Port: the tenant's append-only log of administrative acts. */
export interface AuditStore {
  append(entry: AuditEntry): Promise<void>
  list(page: PageRequest, filter: AuditFilter): Promise<Page<AuditEntry>>
}
