import type { QueuedPayment } from './queued-payment.ts'

/** A mined EVM transaction, read from a node: of a relayer's key, and not known from our own rows. */
export interface SentTransaction {
  txHash: string
  chainId: number
  /** Lower-case hex with 0x. */
  from: string
  /** Null for the creation of a contract. */
  to: string | null
  nonce: number
  data: Uint8Array
  gasLimit: bigint
  /** Wei that went with it; absent: none. */
  value?: bigint
  /** Wei per gas. */
  maxFeePerGas: bigint
  maxPriorityFeePerGas: bigint
  /** The signed bytes; empty where they could not be put together again. */
  rawTx: Uint8Array
  blockNumber: number
  blockHash: string
  minedAt: Date
  succeeded: boolean
  gasUsed: bigint
  effectiveGasPrice: bigint
  /** Positions of skipped payments in the batch, and the contract's reasons. */
  skipped: ReadonlyMap<number, string>
}

/** A batch as its calldata says it. */
export interface SentBatch {
  /** Null where the batch's id is no UUID, so none of ours. */
  submissionId: string | null
  payments: readonly Pick<QueuedPayment, 'payerSalt' | 'legs'>[]
}

/** Port: reads transactions of a chain by their hash. @throws ChainUnavailable when no node gives an answer. */
export interface SentTransactions {
  /** Null while it is in no block. */
  read(chainId: number, txHash: string): Promise<SentTransaction | null>
  /** Null for calldata that is no batch. */
  decodeBatch(data: Uint8Array): SentBatch | null
}
