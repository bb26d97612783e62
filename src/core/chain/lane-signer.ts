import type { Lane } from './lane.ts'

/** An EIP-1559 transaction before it is signed. Fees in wei per gas. */
export interface UnsignedTransaction {
  chainId: number
  nonce: number
  to: string
  data: Uint8Array
  gasLimit: bigint
  /** Wei; absent: none. */
  value?: bigint
  maxFeePerGas: bigint
  maxPriorityFeePerGas: bigint
}

/** Bytes that can be broadcast, and the hash under which they will be found. */
export interface SignedTransaction {
  rawTx: Uint8Array
  txHash: string
}

/** An unlocked relayer key. */
export interface LaneSigner {
  sign(transaction: UnsignedTransaction): SignedTransaction
}

/** Port: unlocks each lane's key once per process, however many ask at the same time. */
export interface LaneSigners {
  /** @throws KeyUnreadable */
  of(lane: Pick<Lane, 'id' | 'address' | 'keyJwe'>): Promise<LaneSigner>
}
