import type { ChainCall } from '../economy/faucet.ts'
import type { Backing, EconomyTerms, GatewayPair } from './backing.ts'
import type { Intent, MessageKind, Permit } from './message.ts'

/** What a wallet signs by EIP-712. Numbers are decimal strings, so that it can be sent as JSON. */
export interface TypedData {
  domain: { name: string; version: string; chainId: number; verifyingContract: string }
  primaryType: string
  types: Readonly<Record<string, readonly { name: string; type: string }[]>>
  message: Readonly<Record<string, string>>
}

/** A transaction that a wallet of its own signs and sends. */
export interface WalletTransaction {
  chainId: number
  to: string
  /** Lower-case hex with 0x. */
  data: string
}

/** A proven height, with the storage proof of one message's status. */
export interface StatusProof {
  height: number
  /** Of the gateway's account; null: its height is proven already. */
  account: readonly string[] | null
  storage: readonly string[]
}

/** Calls that carry a message on, each on the chain whose gateway takes it. */
export type MessageCall =
  | { name: 'allow'; redeemer: string; signature: string }
  | { name: 'declare'; signature: string; permit: Permit | null }
  | { name: 'confirm'; proof: StatusProof }
  | { name: 'progress_target'; secret: string }
  | { name: 'progress_source'; secret: string }
  | { name: 'progress_source_with_proof'; proof: StatusProof }
  | { name: 'revoke' }
  | { name: 'confirm_revocation'; proof: StatusProof }
  | { name: 'progress_revocation'; proof: StatusProof }

/** Port: what the gateways of a pair hash, and how they are called. Pure: no network call, safe inside a unit of work. */
export interface GatewayCalls {
  termsId(terms: EconomyTerms): string
  messageHash(kind: MessageKind, pair: GatewayPair, intent: Intent): string
  hashLockOf(secret: Uint8Array): string
  /** What the staker signs so that anybody may bring the stake: ERC-3009, with the message's hash as its nonce. */
  stakeAuthorization(backing: Backing, intent: Intent, messageHash: string): TypedData
  /** What a redeemer signs so that anybody may bring the redemption: the intent itself, whose digest is the message's hash. */
  redeemIntent(backing: Backing, intent: Intent): TypedData
  /** What a redeemer signs for the gateway to take amount and bounty: ERC-2612. @param nonce Permits that they have used before. */
  redeemPermit(backing: Backing, intent: Intent, nonce: bigint): TypedData
  /** Lower-case hex with 0x. @param privateKey 32 bytes */
  addressOf(privateKey: Uint8Array): string
  /** A permit of everything for the co-gateway, by a key that has signed no permit before. */
  signAllowance(backing: Backing, privateKey: Uint8Array): string
  /** The redeemer's signature of its intent. */
  signRedeemIntent(backing: Backing, intent: Intent, privateKey: Uint8Array): string
  /** Whether `address` made the signature. Never throws. */
  isSignedBy(data: TypedData, address: string, signature: string): boolean
  /** What a staker sends who signs transactions instead: an allowance, then the stake. */
  stakeTransactions(
    backing: Backing,
    intent: Intent,
  ): { approve: WalletTransaction; stake: WalletTransaction }
  /** What a redeemer sends who signs transactions instead: an allowance, then the redemption. */
  redeemTransactions(
    backing: Backing,
    intent: Intent,
  ): { approve: WalletTransaction; redeem: WalletTransaction }
  /** What a sender sends to take it back: an allowance for the penalty, in base units, then the revocation. */
  revokeTransactions(
    kind: MessageKind,
    backing: Backing,
    intent: Intent,
  ): { penalty: bigint; approve: WalletTransaction; revoke: WalletTransaction }
  /** The call by which a sandbox's value token is granted. */
  grantCall(valueToken: string, to: string, amount: bigint): ChainCall
  /** The call without its gas limit, and the chain it is for. */
  encode(
    kind: MessageKind,
    backing: Backing,
    intent: Intent,
    messageHash: string,
    call: MessageCall,
  ): { chainId: number } & Omit<ChainCall, 'gasLimit'>
}
