import type { Page, PageRequest } from '../shared/page.ts'
import type { User, UserStatus, UserType } from './user.ts'

export interface UserFilter {
  externalId?: string
  status?: UserStatus
  type?: UserType
  /** The name begins so, whatever the case. */
  namePrefix?: string
}

/** A user about to exist, with the salt its address follows from. */
export interface NewUserRow {
  user: User
  salt: Uint8Array
}

/** Port: the users of the tenant's economies, each with wallet and account. */
export interface UserStore {
  /**
   * Writes users with wallets and accounts in one statement, passing over those whose external id is taken.
   * @returns the ids of those written
   */
  insertMany(rows: readonly NewUserRow[]): Promise<Set<string>>
  find(economyId: string, id: string): Promise<User | null>
  /** Those of the ids that there are, in no order. */
  findMany(economyId: string, ids: readonly string[]): Promise<User[]>
  /** The user, locked for the rest of the unit of work. */
  lock(economyId: string, id: string): Promise<User | null>
  list(economyId: string, page: PageRequest, filter: UserFilter): Promise<Page<User>>
  /** Writes external id, name, verification, status and metadata. @throws ExternalIdTaken */
  update(user: User): Promise<void>
}
