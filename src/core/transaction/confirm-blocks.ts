import { LedgerInconsistency } from '../ledger/errors.ts'
import type { ChainStore } from '../ledger/chain-store.ts'
import type { SettlementStore } from '../ledger/settlement-store.ts'
import type { Observer } from '../shared/observer.ts'
import { haltChain } from './halt-chain.ts'

/** Transactions per database transaction, about. */
const TRANSACTIONS_PER_ROUND = 5_000
/** Rounds per call: what remains is done by the next one. */
const ROUNDS_MAX = 200

/** Places where a process may die. Whatever happens there, everything ends once. */
export type ConfirmPoint = 'before_confirm' | 'after_confirm'

export interface ConfirmResult {
  confirmed: number
  failed: number
  /** False when the bound ended it before the depth did. */
  isComplete: boolean
}

/**
 * Ends what is final by depth: mined transactions become confirmed; payments that were skipped or reverted become failed, and
 * their held funds are released. Depth counts indexed blocks, so a follower that lags confirms late, never early.
 *
 * Atomic per round; running it twice or at once has one effect. An inconsistency halts the chain.
 */
export async function confirmBlocks(
  deps: {
    chains: ChainStore
    settlements: SettlementStore
    observer: Observer
    /** Called at each named point; a test that throws there (or kills the process) simulates a crash. */
    reach?: (point: ConfirmPoint) => void | Promise<void>
  },
  chainId: number,
): Promise<ConfirmResult> {
  const result: ConfirmResult = { confirmed: 0, failed: 0, isComplete: true }
  try {
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      await deps.reach?.('before_confirm')
      const confirmation = await deps.settlements.confirm(chainId, TRANSACTIONS_PER_ROUND)
      if (!confirmation) return result
      await deps.reach?.('after_confirm')
      result.confirmed += confirmation.confirmed
      result.failed += confirmation.failed
      report(deps.observer, chainId, confirmation)
      if (confirmation.isComplete) return result
    }
    return { ...result, isComplete: false }
  } catch (error) {
    if (!(error instanceof LedgerInconsistency)) throw error
    await haltChain(deps, chainId, error.message)
    return result
  }
}

function report(
  observer: Observer,
  chainId: number,
  confirmation: { finalNumber: number; confirmed: number; failed: number },
): void {
  const labels = { chain: String(chainId) }
  observer.gauge('ledger_final_block', confirmation.finalNumber, labels)
  observer.count('ledger_transactions_confirmed_total', labels, confirmation.confirmed)
  observer.count('ledger_transactions_failed_total', labels, confirmation.failed)
}
