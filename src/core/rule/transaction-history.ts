import type { RuleContext } from './evaluate-rules.ts'

export interface HistoryQuery {
  economyId: string
  /** Null: transactions of every type. */
  typeId: string | null
  /** From this moment on. */
  from: Date | null
  /** Before this moment. */
  to: Date | null
  limit: number
}

/** A transaction accepted earlier, as a rule would have seen it; parties as they are today. */
export interface PastTransaction {
  id: string
  /** `window` holds the whole clock hours before the transaction's own. */
  context: RuleContext
}

/** Port: the newest past transactions that fit, oldest of them first. */
export type TransactionHistory = (tenantId: string, query: HistoryQuery) => Promise<PastTransaction[]>
