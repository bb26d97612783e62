import type { BaseUnits } from '../shared/money.ts'
import type { BlockHeader, ChainLog, Receipt } from './block.ts'

/** An EVM call as it stood in a block, to be run again for its reason. */
export interface CallInBlock {
  from: string
  to: string
  data: Uint8Array
  gasLimit: bigint
  blockNumber: number
}

/**
 * Port: reads one chain. Everything of a block is asked for by the block's hash, so answers of two forks never mix.
 * @throws ChainUnavailable when no node answers · BlockVanished when the node no longer has a block it told us of.
 */
export interface BlockReader {
  headNumber(): Promise<number>
  /** Headers of `from` to `to`, both inclusive, in order; ends early where the node has no more. */
  headers(from: number, to: number): Promise<BlockHeader[]>
  /**
   * The ledger's logs of each block, in the order of the headers.
   * @param addresses Contracts to listen to; null: all.
   */
  logs(headers: readonly BlockHeader[], addresses: readonly string[] | null): Promise<ChainLog[][]>
  /** In the order of the hashes. @throws BlockVanished when one of the transactions is in no block. */
  receipts(txHashes: readonly string[]): Promise<Receipt[]>
  /** Runs a reverted call again on the state before its block. The contract's error in words; never empty. */
  revertReason(call: CallInBlock): Promise<string>
  /** Balances at a block, in the order of the addresses; all zero where the token is not deployed yet. */
  balancesOf(token: string, addresses: readonly string[], blockHash: string): Promise<BaseUnits[]>
  totalSupply(token: string, blockHash: string): Promise<BaseUnits>
}

/** The chains this process reads, by id. */
export interface BlockReaders {
  /** @throws RangeError for a chain that is not configured. */
  get(chainId: number): BlockReader
}
