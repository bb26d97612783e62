import type { BaseUnits } from '../shared/money.ts'
import type { BlockHeader } from './block.ts'

/** The zero address: tokens are minted from it and burnt to it. Its account is the issuance account, minus the supply. */
export const ISSUANCE_ADDRESS = '0x0000000000000000000000000000000000000000'

/** An economy's contracts on the chain. */
export interface TokenContracts {
  economyId: string
  tenantId: string
  token: string
  tokenRules: string
}

/** One leg of a payment as accepted, in base units. */
export interface PaymentLeg {
  fromAccountId: string
  toAccountId: string
  amount: BaseUnits
}

/** A transaction inside a batch. */
export interface BatchedPayment {
  transactionId: string
  /** In the order of the calldata. */
  legs: readonly PaymentLeg[]
}

/** A chain submission of ours, found in a block by the hash of one of its attempts. */
export interface KnownSubmission {
  id: string
  kind: string
  economyId: string | null
  txHash: string
  /** In the order of the calldata; empty for administrative calls. */
  payments: readonly BatchedPayment[]
}

/** What became of a submission in its block. */
export interface SubmissionOutcome {
  txHash: string
  gasUsed: bigint
  /** Wei per gas. */
  effectiveGasPrice: bigint
  /** Null when it succeeded. */
  revertReason: string | null
}

/** A place inside an economy: `economyId` is part of every key. */
interface InEconomy {
  economyId: string
  tenantId: string
}

/** An address met for the first time. */
export interface NewAccount extends InEconomy {
  id: string
  kind: 'external' | 'issuance'
  address: string
}

/** One token movement on the chain: a debit and a credit. */
export interface Movement extends InEconomy {
  /** Position of the block in the settlement. */
  blockIndex: number
  logIndex: number
  txHash: string
  fromAccountId: string
  toAccountId: string
  amount: BaseUnits
  /** The transaction that the platform sent it for; null for everybody else's transfers. */
  transactionId: string | null
}

/** Signed changes of one account, in base units. */
export interface AccountChange {
  economyId: string
  accountId: string
  settled: BaseUnits
  held: BaseUnits
  pendingIn: BaseUnits
}

/** A payment whose transfers are in a block: its hold ends as posted. */
export interface SettledPayment extends InEconomy {
  transactionId: string
  blockIndex: number
  txHash: string
  /** Sum of the legs: what the hold must have been. */
  amount: BaseUnits
}

/** A payment that did not happen. Final only by depth: until then its hold stays. */
export interface RecordedFailure extends InEconomy {
  transactionId: string
  blockIndex: number
  txHash: string
  code: string
  reason: string
}

/** A submission that is in a block. */
export interface MinedSubmission extends SubmissionOutcome {
  id: string
  blockIndex: number
}

/** Everything that a range of blocks changes in the ledger. */
export interface Settlement {
  blocks: readonly BlockHeader[]
  newAccounts: readonly NewAccount[]
  movements: readonly Movement[]
  changes: readonly AccountChange[]
  payments: readonly SettledPayment[]
  failures: readonly RecordedFailure[]
  submissions: readonly MinedSubmission[]
}

/** One string for an address inside an economy. */
export function addressKey(economyId: string, address: string): string {
  return `${economyId}/${address}`
}
