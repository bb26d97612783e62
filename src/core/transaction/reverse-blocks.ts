import type { BlockReader } from '../ledger/block-reader.ts'
import type { BlockPosition, ChainPosition, ChainStore, FollowedChain } from '../ledger/chain-store.ts'
import { LedgerInconsistency } from '../ledger/errors.ts'
import type { Reversal, SettlementStore } from '../ledger/settlement-store.ts'
import type { Observer } from '../shared/observer.ts'

/** Blocks. A deeper re-org is no accident of consensus: a person must look. */
export const REORG_DEPTH_MAX = 64

export interface ReverseDeps {
  chains: ChainStore
  settlements: SettlementStore
  observer: Observer
  /**
   * Whether final blocks may be taken back as well. Only for sandbox chains, which are rewound on purpose: money that was
   * final may have been spent again.
   */
  reversesFinalBlocks: boolean
}

/**
 * Takes the orphaned blocks back to the last one that ledger and node agree on: reversing entries, balances and holds as they
 * were before, transactions submitted again, and an event for each. Atomic; the follower then reads on from the ancestor.
 *
 * @param headNumber The node's head.
 * @throws LedgerInconsistency when the re-org reaches further back than we may follow · CursorMoved · ChainUnavailable
 */
export async function reverseBlocks(
  deps: ReverseDeps,
  reader: BlockReader,
  chain: FollowedChain,
  position: ChainPosition,
  headNumber: number,
): Promise<Reversal> {
  const ancestor = await findAncestor(deps, reader, chain, position, headNumber)
  const reversal = await deps.settlements.reverse(chain.id, position, ancestor)
  const labels = { chain: String(chain.id) }
  const isBeyondFinal = ancestor.number < position.finalNumber
  deps.observer.count('ledger_reorgs_total', labels)
  deps.observer.count('ledger_reorged_blocks_total', labels, reversal.blocks)
  deps.observer.log(
    isBeyondFinal ? 'error' : 'warn',
    isBeyondFinal ? 'ledger.reorg_beyond_final' : 'ledger.reorg',
    {
      chainId: chain.id,
      fromBlock: position.number,
      ancestor: ancestor.number,
      blocks: reversal.blocks,
      transactions: reversal.transactions,
      finalTransactions: reversal.finalTransactions,
    },
  )
  return reversal
}

async function findAncestor(
  deps: ReverseDeps,
  reader: BlockReader,
  chain: FollowedChain,
  position: ChainPosition,
  headNumber: number,
): Promise<BlockPosition> {
  const deepest = position.number - REORG_DEPTH_MAX
  const floor = Math.max(0, deps.reversesFinalBlocks ? deepest : Math.max(deepest, position.finalNumber))
  const newest = Math.min(position.number - 1, headNumber)
  const [ours, theirs] = await Promise.all([
    deps.chains.canonicalHashes(chain.id, floor, newest),
    newest < floor ? [] : reader.headers(floor, newest),
  ])
  const ancestor = theirs.findLast((header) => ours.get(header.number) === header.hash)
  if (ancestor) return { number: ancestor.number, hash: ancestor.hash }
  throw new LedgerInconsistency(
    floor === position.finalNumber
      ? `a re-org at block ${position.number} orphans blocks that were final (up to ${position.finalNumber})`
      : `a re-org at block ${position.number} goes back more than ${REORG_DEPTH_MAX} blocks`,
  )
}
