import type { ChainStore } from '../ledger/chain-store.ts'
import type { Observer } from '../shared/observer.ts'

/**
 * Stops everything on a chain, and asks for a person: the ledger and the chain contradict each other, and going on would mean
 * to guess about money. Nothing settles, confirms or is submitted until {@link resumeChain}.
 */
export async function haltChain(
  deps: { chains: ChainStore; observer: Observer },
  chainId: number,
  reason: string,
): Promise<void> {
  const isNew = await deps.chains.halt(chainId, reason)
  if (!isNew) return
  deps.observer.log('error', 'chain.halted', { chainId, reason })
  deps.observer.count('chain_halts_total', { chain: String(chainId) })
}

/** An operator's decision after a halt: the follower goes on where it stood. False when the chain was not halted. */
export async function resumeChain(
  deps: { chains: ChainStore; observer: Observer },
  chainId: number,
): Promise<boolean> {
  const wasHalted = await deps.chains.resume(chainId)
  if (wasHalted) deps.observer.log('warn', 'chain.resumed', { chainId })
  return wasHalted
}
