import type { Page, PageRequest } from '../shared/page.ts'
import type { Member, MemberRole } from './member.ts'

/** Port: the tenant's present members. A removed one stays as a row and is never found. */
export interface MemberStore {
  /** @throws MemberExists when a present member has the e-mail address. */
  insert(member: Member): Promise<void>
  find(id: string): Promise<Member | null>
  list(page: PageRequest): Promise<Page<Member>>
  setRole(id: string, role: MemberRole): Promise<void>
  remove(id: string, at: Date): Promise<void>
  /** Counts owners and keeps their number from changing until the unit of work ends. */
  lockOwners(): Promise<number>
}
