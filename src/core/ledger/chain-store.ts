import type { BlockHeader } from './block.ts'

/** A block by number and hash. */
export interface BlockPosition {
  number: number
  hash: string
}

/** How far a chain was read. */
export interface ChainPosition extends BlockPosition {
  /** Blocks up to here are final for us. */
  finalNumber: number
}

/** A chain as the follower finds it. */
export interface FollowedChain {
  id: number
  status: 'active' | 'halted'
  haltReason: string | null
  finalityDepth: number
  /** The block to begin at when the chain was never read: none of our contracts wrote a log before it. */
  startNumber: number
  /** Null before the first read. */
  position: ChainPosition | null
}

/** Port: which blocks of a chain the ledger has adopted. */
export interface ChainStore {
  /** @throws RangeError for an unknown chain. */
  get(chainId: number): Promise<FollowedChain>
  /** Adopts the first block, which settles nothing. A second caller changes nothing. */
  begin(chainId: number, first: BlockHeader): Promise<void>
  /** Hashes of the adopted blocks `from` to `to`, both inclusive, by number. */
  canonicalHashes(chainId: number, from: number, to: number): Promise<Map<number, string>>
  /** Notes how far the node is, for the measure of our lag. */
  noteHead(chainId: number, headNumber: number): Promise<void>
  /** True when this call halted it; false when it was halted before. */
  halt(chainId: number, reason: string): Promise<boolean>
  /** A person's decision after a halt. True when it was halted. */
  resume(chainId: number): Promise<boolean>
}
