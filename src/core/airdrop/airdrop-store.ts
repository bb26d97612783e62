import type { BaseUnits } from '../shared/money.ts'
import type { Page, PageRequest } from '../shared/page.ts'
import type { Airdrop, AirdropWithProgress, Recipients } from './airdrop.ts'

/** How many would receive, and up to which user. */
export interface RecipientCount {
  count: number
  /** The newest matching user; null where there is none. */
  lastUserId: string | null
  /** Of a list: ids that are no active user of the economy, at most ten of them. */
  unknownIds: string[]
}

/** Port: the tenant's airdrops as the API sees them. */
export interface AirdropStore {
  countRecipients(economyId: string, recipients: Recipients): Promise<RecipientCount>
  /**
   * Base units of the company that nothing reserves and no unfinished airdrop still needs. Holds the account's row, so that
   * two airdrops that are created together do not both count on the same funds.
   */
  companyBudget(economyId: string, companyUserId: string): Promise<BaseUnits>
  insert(airdrop: Airdrop): Promise<void>
  find(economyId: string, id: string): Promise<AirdropWithProgress | null>
  list(economyId: string, page: PageRequest): Promise<Page<AirdropWithProgress>>
}
