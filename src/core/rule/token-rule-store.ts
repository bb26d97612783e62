import type { Page, PageRequest } from '../shared/page.ts'
import type { TokenRule, TokenRuleVersion } from './token-rule.ts'

export interface TokenRuleFilter {
  status?: TokenRule['status']
  /** Rules of exactly this type; those for every type are not among them. */
  typeId?: string
  name?: string
}

/** Port: the token rules of the tenant's economies. Every write raises the economy's configuration version. */
export interface TokenRuleStore {
  /** Writes the rule and its first version. @throws TokenRuleNameTaken */
  insert(rule: TokenRule): Promise<void>
  find(economyId: string, id: string): Promise<TokenRule | null>
  /** The rule, locked for the rest of the unit of work. */
  lock(economyId: string, id: string): Promise<TokenRule | null>
  list(economyId: string, page: PageRequest, filter: TokenRuleFilter): Promise<Page<TokenRule>>
  /** Writes the rule, and its version where that is new. @throws TokenRuleNameTaken */
  update(rule: TokenRule): Promise<void>
  countActive(economyId: string): Promise<number>
  /** A rule's versions, newest first; `after` is a version number as text. */
  listVersions(economyId: string, id: string, page: PageRequest): Promise<Page<TokenRuleVersion>>
}
