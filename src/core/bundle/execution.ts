import type { TransactionTypeKind } from '../rule/transaction-type.ts'
import type { Transaction, TransactionStatus } from '../transaction/transaction.ts'
import type { BundleRule, MetaProperty } from './bundle.ts'

/** One transaction of an execution, with where it stands on the chain. */
export interface ExecutedTransaction extends Transaction {
  typeName: string
  typeKind: TransactionTypeKind
  /** The relayer that carries it, its nonce, and what its whole chain submission cost; null until there is one. */
  laneAddress: string | null
  nonce: bigint | null
  gasUsed: bigint | null
  gasPrice: bigint | null
  minedBlockAt: Date | null
  /** Blocks on top of its own, as far as the indexer has seen; null until it is mined. */
  confirmations: number | null
}

/** What was executed at once: a bundle, or a transaction of its own. */
export interface Execution {
  /** The bundle's id, or the transaction's. */
  id: string
  economyId: string
  /** Null: a transaction of its own. */
  rule: BundleRule | null
  meta: MetaProperty
  /** One at least, in the order of the call. */
  transactions: readonly ExecutedTransaction[]
  /** The addresses of all who take part, by user. */
  addresses: ReadonlyMap<string, string>
  createdAt: Date
}

export interface ExecutionFilter {
  /** Any of these; empty: all. */
  statuses: readonly TransactionStatus[]
  /** Any of these labels, each with all its parts; empty: all. */
  metas: readonly MetaProperty[]
  createdFrom?: Date
  createdBefore?: Date
}

/** Executions that a list looks back on, of one user; a later one begins at an earlier moment. */
export const EXECUTIONS_WINDOW = 10_000

/** Port: reads executions of one user: those it pays in or is paid by. */
export interface ExecutionReader {
  /** The users whose wallets have these addresses, by address. */
  holders(
    owner: { tenantId: string; economyId: string },
    addresses: readonly string[],
  ): Promise<Map<string, string>>
  /** The executions that these transactions belong to, each once. */
  ofTransactions(
    owner: { tenantId: string; economyId: string },
    transactionIds: readonly string[],
  ): Promise<Execution[]>
  get(owner: { tenantId: string; economyId: string; userId?: string }, id: string): Promise<Execution | null>
  /** Newest first. `total`: matches within {@link EXECUTIONS_WINDOW}. */
  list(
    owner: { tenantId: string; economyId: string; userId: string },
    filter: ExecutionFilter,
    range: { from: number; limit: number },
  ): Promise<{ executions: Execution[]; total: number }>
}
