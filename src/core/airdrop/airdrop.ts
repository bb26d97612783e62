import type { Metadata } from '../shared/metadata.ts'
import type { BaseUnits } from '../shared/money.ts'

/** Users of one list. */
export const LISTED_RECIPIENTS_MAX = 10_000

export type AirdropStatus = 'queued' | 'running' | 'completed' | 'failed'

/** Which of the economy's active users receive; every condition given must hold. */
export interface RecipientFilter {
  isVerified?: boolean
  /** Every key must be there with this value. */
  metadata?: Metadata
  /** Only users to whom no airdrop has sent anything (that did not fail) before. */
  neverAirdropped?: boolean
  /** Only users to whom one has. */
  everAirdropped?: boolean
}

/** Who receives: all active users, those that match, or those named. */
export type Recipients =
  | { kind: 'all' }
  | { kind: 'filter'; filter: RecipientFilter }
  | { kind: 'list'; userIds: readonly string[] }

/** A grant of the same amount to many users, worked off in chunks in the order of the users' ids. */
export interface Airdrop {
  id: string
  tenantId: string
  economyId: string
  typeId: string
  /** Base units per recipient: for a type in a fiat currency, what the amount was worth when the airdrop was created. */
  amount: BaseUnits
  /** The amount as the caller wrote it, given to every transaction; null where the type fixes it. */
  amountText: string | null
  recipients: Recipients
  /** The newest user when the airdrop was created; later ones receive nothing. Null: a list, which needs no bound. */
  lastUserId: string | null
  status: AirdropStatus
  failureReason: string | null
  /** Recipients; accepted + refused rise to it. */
  total: number
  accepted: number
  refused: number
  /** The last user worked off. */
  cursor: string | null
  metadata: Metadata
  createdAt: Date
  endedAt: Date | null
}

/** What became of the accepted transactions so far. */
export interface AirdropProgress {
  mined: number
  confirmed: number
  failed: number
}

export type AirdropWithProgress = Airdrop & { progress: AirdropProgress }
