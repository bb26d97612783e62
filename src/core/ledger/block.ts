import type { BaseUnits } from '../shared/money.ts'

/** A block as the follower sees it. Hashes and addresses are lower-case hex with 0x, as everywhere in core. */
export interface BlockHeader {
  number: number
  hash: string
  parentHash: string
  minedAt: Date
  transactionHashes: readonly string[]
  gasUsed: bigint
  /** False only when the header proves that no transaction of the block wrote a log. */
  mayHaveLogs: boolean
}

interface LogPlace {
  /** The contract that wrote the log. */
  address: string
  txHash: string
  /** Position among all logs of the block. */
  logIndex: number
}

/** An ERC-20 `Transfer`. */
export interface TransferLog extends LogPlace {
  type: 'transfer'
  from: string
  to: string
  amount: BaseUnits
}

/** `TokenRules.PaymentSkipped`: one payment of a batch was not made. */
export interface PaymentSkippedLog extends LogPlace {
  type: 'payment_skipped'
  /** The batch's submission; null when the batch is none of ours. */
  submissionId: string | null
  /** Position of the payment in the batch. */
  index: number
  /** Name of the contract's error, or its selector when the name is not known. */
  reason: string
}

/** `TokenRules.BatchExecuted`: the end of a batch. */
export interface BatchExecutedLog extends LogPlace {
  type: 'batch_executed'
  submissionId: string | null
  executed: number
  skipped: number
}

export type ChainLog = TransferLog | PaymentSkippedLog | BatchExecutedLog

/** A block with what the ledger needs of it. Logs are in the order of the block. */
export interface Block {
  header: BlockHeader
  logs: readonly ChainLog[]
}

/** What became of an EVM transaction in its block. */
export interface Receipt {
  txHash: string
  blockHash: string
  succeeded: boolean
  gasUsed: bigint
  /** Wei per gas. */
  effectiveGasPrice: bigint
}
