import type { BaseUnits } from '../shared/money.ts'
import type { AuditEntry } from '../tenant/audit-entry.ts'
import type { Backing } from './backing.ts'

/** stake: value in, tokens out · redeem: tokens in, value out. */
export type MessageKind = 'stake' | 'redeem'

/** What the API calls a message: a redemption there is an order of a SKU. */
export const NOUN_OF = { stake: 'stake', redeem: 'unstake' } as const satisfies Record<MessageKind, string>

/**
 * awaiting_signature: the sender has not handed in anything yet · awaiting_tokens: of a managed wallet, they are on their way to the
 * redeemer · signed: it did, and we bring it to the source · declared: it is
 * final on its source · confirmed: and proven on its target · progressed: paid out on its target · completed: finished on its source
 * as well · revoking, revoked: it was taken back, by its sender or because it was overdue · expired: its deadline passed first ·
 * failed: of a managed wallet, the tokens did not move.
 */
export const STAKE_STATUSES = [
  'awaiting_signature',
  'signed',
  'declared',
  'confirmed',
  'progressed',
  'completed',
  'revoking',
  'revoked',
  'expired',
] as const
export type StakeStatus = (typeof STAKE_STATUSES)[number]
export const MESSAGE_STATUSES = [...STAKE_STATUSES, 'awaiting_tokens', 'failed'] as const
export type MessageStatus = (typeof MESSAGE_STATUSES)[number]

/** Seconds after its deadline from which anybody may take a message back without a penalty, as MessageGateway has it. */
export const OVERDUE_AFTER_SECONDS = 7 * 24 * 3_600

/** What a message goes through, in order. */
export const MESSAGE_STEPS = ['declare', 'confirm', 'progress_target', 'progress_source'] as const
export type MessageStepName = (typeof MESSAGE_STEPS)[number]

/** What a sender wants moved, as both gateways hash it. Addresses and hashes: lower-case hex with 0x. */
export interface Intent {
  /** Id of the economy's terms, not of the economy. */
  termsId: string
  sender: string
  beneficiary: string
  /** Base units of the source's token. */
  amount: BaseUnits
  /** Base units of the source's token for whoever finishes the message there. */
  bounty: BaseUnits
  /** Base units of the target's token, out of what is moved, for whoever finishes it there. */
  fee: BaseUnits
  nonce: bigint
  hashLock: string
  /** Seconds since the epoch. */
  deadline: bigint
}

/** What the sender of a redemption may sign for the gateway to take the tokens: ERC-2612, until the intent's deadline. */
export interface Permit {
  /** How many permits of the token its signer has used. */
  nonce: bigint
  /** Null: not signed; an allowance does as well. */
  signature: string | null
}

/** What a user of a managed wallet agreed to: the text as it was shown to them. */
export interface Consent {
  text: string
  /** SHA-256 of its UTF-8, lower-case hex with 0x. */
  textHash: string
  givenAt: Date
}

/** Whose tokens a managed wallet's message is of, and what brings them to the redeemer. */
export interface ManagedTokens {
  userId: string
  transactionId: string
  /** Null of the company, which asked for it itself. */
  consent: Consent | null
}

/** An unstake of a managed wallet about to exist, with the transaction that moves its tokens. */
export interface NewManagedUnstake {
  message: GatewayMessage
  secretJwe: string
  userId: string
  consent: Consent | null
  audit: AuditEntry
}

export interface MessageStep {
  name: MessageStepName
  status: 'pending' | 'running' | 'done'
  txHash: string | null
  startedAt: Date | null
  finishedAt: Date | null
}

/** A stake or a redemption, as its economy sees it. */
export interface GatewayMessage {
  id: string
  economyId: string
  kind: MessageKind
  status: MessageStatus
  messageHash: string
  intent: Intent
  signature: string | null
  /** Of a redemption only. */
  permit: Permit | null
  /** Null: its sender has the key. */
  managed: ManagedTokens | null
  /** The transaction by which its sender says to have declared it. */
  sentTxHash: string | null
  /** Why it does not go on, in words; null while it does. */
  problem: string | null
  steps: readonly MessageStep[]
  createdAt: Date
  updatedAt: Date
  endedAt: Date | null
}

/** A message with the backing that its transactions and signatures are made from. */
export interface MessageWithBacking {
  message: GatewayMessage
  backing: Backing
}

const ENDED: ReadonlySet<MessageStatus> = new Set<MessageStatus>([
  'completed',
  'revoked',
  'expired',
  'failed',
])

/** Whether nothing more will happen to it. */
export function hasEnded(status: MessageStatus): boolean {
  return ENDED.has(status)
}
