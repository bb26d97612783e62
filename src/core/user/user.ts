import type { Metadata } from '../shared/metadata.ts'

/**
 * One of the business's people, the business itself in its economy, or where tokens of managed wallets are while they are redeemed.
 */
export type UserType = 'user' | 'company' | 'redeemer'

/** active: takes part · archived: readable, takes part in nothing new. */
export type UserStatus = 'active' | 'archived'

/** A user with its wallet. A user's account has the user's id. */
export interface User {
  id: string
  tenantId: string
  economyId: string
  type: UserType
  /** The business's own id of the person; unique in the economy. */
  externalId: string | null
  name: string | null
  isVerified: boolean
  status: UserStatus
  metadata: Metadata
  wallet: Wallet
  createdAt: Date
  updatedAt: Date
}

/** Where a user's tokens are. */
export interface Wallet {
  /** Lower-case hex with 0x; known before anything is deployed there. */
  address: string
  /** managed: moved by the economy's rules · self_custody: moved by the user's own signatures only. */
  custody: 'managed' | 'self_custody'
}

/** Users that one request may create: one set-based statement. */
export const USERS_BATCH_MAX = 1_000
/** Characters. */
export const EXTERNAL_ID_LENGTH_MAX = 255
export const USER_NAME_LENGTH_MAX = 255
