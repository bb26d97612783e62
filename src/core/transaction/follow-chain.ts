import assert from 'node:assert'
import type { BlockHeader } from '../ledger/block.ts'
import type { BlockReader, BlockReaders } from '../ledger/block-reader.ts'
import type { ChainPosition, FollowedChain } from '../ledger/chain-store.ts'
import { BlockVanished, CursorMoved, LedgerInconsistency } from '../ledger/errors.ts'
import type { Settlement } from '../ledger/settlement.ts'
import type { Clock, Ids } from '../shared/clock.ts'
import type { ConfirmPoint } from './confirm-blocks.ts'
import { haltChain } from './halt-chain.ts'
import { readBlocks } from './read-blocks.ts'
import { reverseBlocks, type ReverseDeps } from './reverse-blocks.ts'
import { planSettlement } from './settle-block.ts'

/** Blocks per database transaction when far behind. */
const BLOCKS_PER_ROUND = 200
/** Rounds per call: what remains is done by the next one. */
const ROUNDS_MAX = 100
/** Rounds per call that may come to nothing because node or cursor changed meanwhile. */
const RESTARTS_MAX = 5

export interface FollowDeps extends ReverseDeps {
  blockReaders: BlockReaders
  clock: Clock
  ids: Ids
  /** Called at each named point; a test that throws there (or kills the process) simulates a crash. */
  reach?: (point: FollowPoint) => void | Promise<void>
}

/** Places where a process may die. Whatever happens there, every block is settled once. */
export type FollowPoint = ConfirmPoint | 'before_settle' | 'after_settle' | 'before_reverse' | 'after_reverse'

export interface FollowResult {
  /** idle: at the node's head · behind: the bound ended it earlier · halted: nothing moves until a person has looked. */
  status: 'idle' | 'behind' | 'halted'
  /** Blocks settled and blocks taken back by this call. */
  settledBlocks: number
  reversedBlocks: number
  movements: number
}

/**
 * Follows a chain to its node's head as it was when the look began: settles every new block, takes orphaned ones back.
 *
 * First everything is fetched, then written in one database transaction together with the cursor, which must still be where
 * the fetch began. So it may run twice, at once, and be killed anywhere, with one effect. An inconsistency halts the chain.
 * @throws ChainUnavailable when no node answers; what was settled until then stays.
 */
export async function followChain(deps: FollowDeps, chainId: number): Promise<FollowResult> {
  const result: FollowResult = { status: 'behind', settledBlocks: 0, reversedBlocks: 0, movements: 0 }
  let restarts = 0
  for (let round = 0; round < ROUNDS_MAX && restarts < RESTARTS_MAX; round += 1) {
    const chain = await deps.chains.get(chainId)
    if (chain.status === 'halted') return { ...result, status: 'halted' }
    const outcome = await followOnce(deps, chain, result)
    if (outcome === 'at_head') return { ...result, status: 'idle' }
    if (outcome === 'moved') continue
    restarts += 1
    if (restarts === RESTARTS_MAX)
      deps.observer.log('warn', 'chain.not_followed', { chainId, reason: outcome.restart })
  }
  return result
}

/** What one round came to, or why nothing came of it. */
type Step = 'moved' | 'at_head' | { restart: string }

async function followOnce(deps: FollowDeps, chain: FollowedChain, result: FollowResult): Promise<Step> {
  try {
    return await step(deps, chain, result)
  } catch (error) {
    // Another follower was faster, or the node switched forks under our hands: look again.
    if (error instanceof CursorMoved || error instanceof BlockVanished) return { restart: error.message }
    if (!(error instanceof LedgerInconsistency)) throw error
    await haltChain(deps, chain.id, error.message)
    return { restart: error.message }
  }
}

async function step(deps: FollowDeps, chain: FollowedChain, result: FollowResult): Promise<Step> {
  const reader = deps.blockReaders.get(chain.id)
  const position = chain.position
  if (!position) return begin(deps, reader, chain)
  const head = await reader.headNumber()
  const [known, ...headers] = await reader.headers(
    Math.min(position.number, head),
    Math.min(position.number + BLOCKS_PER_ROUND, head),
  )
  if (!known) throw new BlockVanished(`block ${position.number} of chain ${chain.id} is gone`)
  if (!(await isOurs(deps, chain, known, position))) {
    await deps.reach?.('before_reverse')
    const reversal = await reverseBlocks(deps, reader, chain, position, head)
    await deps.reach?.('after_reverse')
    result.reversedBlocks += reversal.blocks
    return 'moved'
  }
  if (headers.length === 0) {
    await deps.chains.noteHead(chain.id, head)
    return 'at_head'
  }
  const settlement = await settle(deps, reader, chain, position, linkedPart(known, headers), head)
  result.settledBlocks += settlement.blocks.length
  result.movements += settlement.movements.length
  // What was mined meanwhile is for the next look: where blocks come as fast as we read, this one would never end.
  return settlement.blocks.at(-1)?.number === head ? 'at_head' : 'moved'
}

async function begin(deps: FollowDeps, reader: BlockReader, chain: FollowedChain): Promise<Step> {
  const [first] = await reader.headers(chain.startNumber, chain.startNumber)
  if (!first) return 'at_head'
  await deps.chains.begin(chain.id, first)
  return 'moved'
}

/** Whether the node's block is the one we adopted. A node that is behind us on our own chain only lags. */
async function isOurs(
  deps: FollowDeps,
  chain: FollowedChain,
  header: BlockHeader,
  position: ChainPosition,
): Promise<boolean> {
  if (header.number === position.number) return header.hash === position.hash
  const hashes = await deps.chains.canonicalHashes(chain.id, header.number, header.number)
  return hashes.get(header.number) === header.hash
}

/** The headers as far as each is the child of the one before: the node may have switched forks between two answers. */
function linkedPart(parent: BlockHeader, headers: readonly BlockHeader[]): BlockHeader[] {
  const linked: BlockHeader[] = []
  let last = parent
  for (const header of headers) {
    if (header.parentHash !== last.hash || header.number !== last.number + 1) break
    linked.push(header)
    last = header
  }
  if (linked.length === 0)
    throw new BlockVanished(`block ${parent.number + 1} is not the child of ${parent.hash}`)
  return linked
}

async function settle(
  deps: FollowDeps,
  reader: BlockReader,
  chain: FollowedChain,
  position: ChainPosition,
  headers: readonly BlockHeader[],
  headNumber: number,
): Promise<Settlement> {
  const { blocks, knowledge } = await readBlocks(deps, reader, chain.id, headers)
  const settlement = planSettlement(blocks, knowledge, deps.ids)
  await deps.reach?.('before_settle')
  await deps.settlements.settle(chain.id, position, settlement, headNumber)
  await deps.reach?.('after_settle')
  report(deps, chain.id, settlement, headNumber)
  return settlement
}

function report(deps: FollowDeps, chainId: number, settlement: Settlement, headNumber: number): void {
  const labels = { chain: String(chainId) }
  const last = settlement.blocks.at(-1)
  assert(last, 'a settlement has at least one block')
  const ageSeconds = (deps.clock.now().getTime() - last.minedAt.getTime()) / 1_000
  deps.observer.gauge('ledger_indexed_block', last.number, labels)
  deps.observer.gauge('ledger_blocks_behind', Math.max(0, headNumber - last.number), labels)
  deps.observer.gauge('ledger_block_age_seconds', Math.max(0, ageSeconds), labels)
  deps.observer.count('ledger_blocks_settled_total', labels, settlement.blocks.length)
  deps.observer.count('ledger_movements_total', labels, settlement.movements.length)
}
