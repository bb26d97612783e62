import type { CallInBlock } from './block-reader.ts'
import type { BlockPosition } from './chain-store.ts'
import type { KnownSubmission, Settlement, TokenContracts } from './settlement.ts'

/** What a re-org took back. */
export interface Reversal {
  blocks: number
  movements: number
  /** Transactions that were mined, confirmed or failed and are submitted again. */
  transactions: number
  /** Those of them that had been final. */
  finalTransactions: number
}

/** What became final. */
export interface Confirmation {
  finalNumber: number
  confirmed: number
  failed: number
  /** False when the bound ended it before the depth did. */
  isComplete: boolean
}

/**
 * Port: the ledger's side of the chain. Reads are of rows that never change once a block can hold them; each write is one
 * database transaction under the cursor's lock.
 */
export interface SettlementStore {
  /** Every economy of the chain whose token's address is known. */
  tokens(chainId: number): Promise<TokenContracts[]>
  /** Our submissions among these EVM transactions. */
  submissionsOf(txHashes: readonly string[]): Promise<KnownSubmission[]>
  /** Ids of the accounts that exist, by `addressKey`. */
  accountIds(places: readonly { economyId: string; address: string }[]): Promise<Map<string, string>>
  /** The call of a submission, to ask why it reverted. */
  callOf(submissionId: string, blockNumber: number): Promise<CallInBlock>
  /**
   * Writes entries, balances, holds, transactions, submissions, events and the cursor of a range of blocks.
   * @param headNumber The node's head.
   * @throws CursorMoved when the cursor is no longer at `from` · LedgerInconsistency when a row is not as the chain says it
   * must be. Nothing is written then.
   */
  settle(chainId: number, from: BlockPosition, settlement: Settlement, headNumber: number): Promise<void>
  /**
   * Takes back every block after `ancestor`.
   * @throws CursorMoved · LedgerInconsistency
   */
  reverse(chainId: number, from: BlockPosition, ancestor: BlockPosition): Promise<Reversal>
  /**
   * Ends what is final by depth, oldest block first, at most about `transactionsMax` transactions but at least one block.
   * Null when nothing is, or the chain is halted. @throws LedgerInconsistency
   */
  confirm(chainId: number, transactionsMax: number): Promise<Confirmation | null>
}
