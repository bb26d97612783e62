import type { BaseUnits } from '../shared/money.ts'
import type { Page, PageRequest } from '../shared/page.ts'
import { UserNotFound } from '../user/errors.ts'

/** One movement of a user's tokens as the chain has it. Entries never change; what a re-org took back is reversed by another. */
export interface LedgerEntry {
  /** Its place in the account's history, as text. */
  position: string
  /** Base units; negative where value left the user. */
  amount: BaseUnits
  /** True: takes an entry of an orphaned block back. */
  isReversal: boolean
  /** Who the tokens came from or went to. `userId` null: an address outside the economy; `mint`: newly made or destroyed. */
  counterparty: { address: string; userId: string | null; kind: 'user' | 'external' | 'mint' }
  /** The platform's transaction behind it; null for a movement from outside. */
  transactionId: string | null
  blockNumber: bigint
  blockHash: string
  txHash: string
  logIndex: number
  createdAt: Date
}

/** Port: the first page of each of many accounts, by user. An account without entries, or that is none, is left out. */
export type FirstEntriesReader = (
  tenantId: string,
  economyId: string,
  userIds: readonly string[],
  page: Pick<PageRequest, 'limit' | 'order'>,
) => Promise<Map<string, Page<LedgerEntry>>>

/** Port: a page of an account's entries by their place on the chain; `after` is a position. Null: no such user. */
export type EntryReader = (
  tenantId: string,
  economyId: string,
  userId: string,
  page: PageRequest,
) => Promise<Page<LedgerEntry> | null>

/** A page of what moved in and out of a user's wallet, newest block first unless the page says otherwise. @throws UserNotFound */
export async function listEntries(
  deps: { entryReader: EntryReader },
  query: { tenantId: string; economyId: string; userId: string; page: PageRequest },
): Promise<Page<LedgerEntry>> {
  const page = await deps.entryReader(query.tenantId, query.economyId, query.userId, query.page)
  if (!page) throw new UserNotFound()
  return page
}
