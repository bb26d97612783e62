import type { Page, PageRequest } from '../shared/page.ts'
import type { TransactionType, TransactionTypeKind, TransactionTypeStatus } from './transaction-type.ts'

export interface TransactionTypeFilter {
  status?: TransactionTypeStatus
  kind?: TransactionTypeKind
  /** Exactly this name. */
  name?: string
}

/** Port: the transaction types of the tenant's economies. Every write raises the economy's configuration version. */
export interface TransactionTypeStore {
  /** @throws TransactionTypeNameTaken */
  insert(type: TransactionType): Promise<void>
  find(economyId: string, id: string): Promise<TransactionType | null>
  /** Those of the ids that there are, in no order. */
  findMany(economyId: string, ids: readonly string[]): Promise<TransactionType[]>
  /** The type, locked for the rest of the unit of work. */
  lock(economyId: string, id: string): Promise<TransactionType | null>
  list(economyId: string, page: PageRequest, filter: TransactionTypeFilter): Promise<Page<TransactionType>>
  /** Writes everything of the type that may change. @throws TransactionTypeNameTaken */
  update(type: TransactionType): Promise<void>
  /** Archived ones included. */
  count(economyId: string): Promise<number>
}
