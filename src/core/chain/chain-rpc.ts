import type { BroadcastAnswer } from './broadcast-answer.ts'

/** What the platform knows of a chain before asking it. */
export interface ChainSettings {
  chainId: number
  blockTimeMs: number
  /** Blocks on top of a block before it is final for us. */
  finalityDepth: number
  /** Wei per gas that we pay at most; above it submissions wait. Null: no cap. */
  maxFeePerGasCap: bigint | null
}

/** What a lane needs to know of its chain before it signs, read in one round trip. */
export interface LaneSnapshot {
  /** Nonces below this are used in the latest block. */
  transactionCount: number
  /** The same with what waits in the node's pool; absent where the node does not say. */
  pendingCount?: number
  balanceWei: bigint
  headNumber: number
  blockGasLimit: bigint
  /** Wei per gas of the latest block. */
  baseFeePerGas: bigint
  /** Wei per gas that the node suggests as tip. */
  priorityFeePerGas: bigint
}

/** Where the node has a transaction. `absent` may also be a node that lags. */
export type TransactionPlace = 'absent' | 'pending' | 'mined'

/** Whether a lane's batch would get through to an economy's rules now. */
export type BatchProbe = { isOpen: true } | { isOpen: false; reason: string }

/** The transaction in a block that used a nonce. */
export interface NonceUser {
  txHash: string
  blockNumber: number
}

/**
 * Port: one chain over JSON-RPC. Every call is bounded in time and fails over between the chain's nodes.
 * @throws ChainUnavailable from every method but `broadcast`, when no node gives an answer.
 */
export interface ChainRpc {
  readonly settings: ChainSettings
  laneSnapshot(address: string): Promise<LaneSnapshot>
  /** Asks by eth_call whether `from` may run batches on `tokenRules`. */
  probeBatch(from: string, tokenRules: string): Promise<BatchProbe>
  /** Sends signed bytes. Never throws: no answer is the answer `unknown`. */
  broadcast(rawTx: Uint8Array, txHash: string): Promise<BroadcastAnswer>
  /** Where each transaction is, in the order of the hashes. */
  placesOf(txHashes: readonly string[]): Promise<TransactionPlace[]>
  /**
   * The mined transaction of `address` with `nonce`, searched backwards from block `from` to the first block older than
   * `notBefore`. Null when it is not found within the search's bound.
   */
  findNonceUser(search: {
    address: string
    nonce: number
    from: number
    notBefore: Date
  }): Promise<NonceUser | null>
  /** Calldata of a batch on the rules of an economy. */
  encodeBatch(submissionId: string, payments: Uint8Array): Uint8Array
}

/** The chains this process serves, by id. */
export interface Chains {
  /** @throws RangeError for a chain that is not configured. */
  get(chainId: number): ChainRpc
}

/** No node of the chain gave an answer in time. Nothing follows from that but to ask again later. */
export class ChainUnavailable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ChainUnavailable'
  }
}
