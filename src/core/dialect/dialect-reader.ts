import type { SubmissionStatus } from '../chain/submission.ts'
import type { TransactionType, TransactionTypeKind } from '../rule/transaction-type.ts'
import type { Currency } from '../rule/currency.ts'
import type { BaseUnits } from '../shared/money.ts'
import type { TransactionStatus } from '../transaction/transaction.ts'

/** Whose lists are read. */
export interface Owner {
  tenantId: string
  economyId: string
}

/** A page by its number, as OST's dialects of 2018 ask for them. */
export interface NumberedPage {
  /** From 1. */
  number: number
  limit: number
  orderBy: 'created' | 'name'
  order: 'asc' | 'desc'
}

export interface Listed<Row> {
  rows: Row[]
  hasMore: boolean
}

/** A user with what is left of its airdrops. */
export interface DialectUser {
  id: string
  name: string | null
  chainId: number
  /** Lower-case hex with 0x. */
  address: string
  airdropped: BaseUnits
}

/** A transaction type with the number that is its id in the dialects. */
export interface NumberedType {
  number: number
  type: TransactionType
}

export interface TypeFilter {
  numbers?: readonly number[]
  names?: readonly string[]
  kinds?: readonly TransactionTypeKind[]
  currencies?: readonly Currency[]
  isAmountArbitrary?: boolean
  /** True: none is stored, as of every type with the company as a party. False: there is one above 0. */
  isCommissionArbitrary?: boolean
}

/** A transaction with what the dialects show of its type and its place on the chain. Amounts in base units, gas in wei. */
export interface DialectTransaction {
  id: string
  fromUserId: string
  toUserId: string
  typeNumber: number
  status: TransactionStatus
  createdAt: Date
  amount: BaseUnits
  commission: BaseUnits
  /** How much of it the payer had from airdrops. */
  airdropped: BaseUnits
  txHash: string | null
  blockNumber: bigint | null
  /** The transaction's share of its chain submission. */
  gasUsed: bigint | null
  feeWei: bigint | null
  gasPriceWei: bigint | null
}

export interface DialectTransactionFilter {
  ids?: readonly string[]
  /** Payer or recipient. */
  userId?: string
  statuses?: readonly TransactionStatus[]
}

/** An airdrop's state, and whether each of its transactions has reached the chain or failed. */
export interface DialectAirdrop {
  id: string
  status: 'queued' | 'running' | 'completed' | 'failed'
  isSettled: boolean
}

export interface DialectAirdropFilter {
  ids?: readonly string[]
  states?: readonly DialectAirdropState[]
}

/** A transfer of the chain's coin, by its submission. Amounts in wei. */
export interface CoinTransfer {
  id: string
  chainId: number
  fromAddress: string
  toAddress: string
  amountWei: bigint
  status: SubmissionStatus
  createdAt: Date
  txHash: string | null
  blockNumber: bigint | null
  gasUsed: bigint | null
  gasPriceWei: bigint | null
}

/** incomplete: nobody was paid yet · processing: payments are on their way · complete: all of them have ended. */
export type DialectAirdropState = 'incomplete' | 'processing' | 'complete' | 'failed'

/**
 * Port: what OST's dialects of 2018 list. Users and types that are archived do not exist there; payments of airdrops are no
 * transactions there, and the type that pays them is no action.
 */
export interface DialectReader {
  users(
    owner: Owner,
    filter: { ids?: readonly string[]; isAirdropped?: boolean },
    page: NumberedPage,
  ): Promise<Listed<DialectUser>>
  /** The users that match, by id; at most `limit` of them. */
  userIds(
    owner: Owner,
    filter: { ids: readonly string[]; isAirdropped?: boolean },
    limit: number,
  ): Promise<string[]>
  types(owner: Owner, filter: TypeFilter, page: NumberedPage): Promise<Listed<NumberedType>>
  /** Whether another type than `exceptId` has the name, whatever its case. */
  hasTypeNamed(owner: Owner, name: string, exceptId: string | null): Promise<boolean>
  transactions(
    owner: Owner,
    filter: DialectTransactionFilter,
    page: NumberedPage,
  ): Promise<Listed<DialectTransaction>>
  transfers(
    owner: Owner,
    filter: { ids?: readonly string[] },
    page: NumberedPage,
  ): Promise<Listed<CoinTransfer>>
  /** Wei of the economy's transfers since then, those on their way included. */
  coinsSent(owner: Owner, since: Date): Promise<bigint>
  airdrops(owner: Owner, filter: DialectAirdropFilter, page: NumberedPage): Promise<Listed<DialectAirdrop>>
}
