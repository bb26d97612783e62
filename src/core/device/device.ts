/** registered: known, not in charge of anything · the others are what the wallet's contract says. */
export type DeviceStatus =
  | 'registered'
  | 'authorizing'
  | 'authorized'
  | 'revoking'
  | 'revoked'
  | 'recovering'
  | 'aborting'

/** A user's device. Addresses are lower-case hex with 0x. */
export interface Device {
  id: string
  tenantId: string
  economyId: string
  userId: string
  address: string
  /** The key that signs the device's requests. */
  apiSignerAddress: string
  /** The owner before it in the wallet's list of owners; null while it is none. */
  linkedAddress: string | null
  status: DeviceStatus
  createdAt: Date
  updatedAt: Date
}

/** A key that may sign payments of a user's wallet within limits. */
export interface WalletSession {
  id: string
  userId: string
  address: string
  /** A block of the economy's chain. */
  expirationHeight: bigint
  /** Base units. */
  spendingLimit: bigint
  nonce: bigint
  status: 'initializing' | 'authorized' | 'revoking' | 'revoked'
  updatedAt: Date
}

/** The contract by which a user's devices decide together. */
export interface DeviceManager {
  userId: string
  address: string
  /** Devices that must agree. */
  requirement: number
  nonce: bigint
  status: 'activating' | 'activated'
  updatedAt: Date
}

/** The key that may replace a lost device after a delay. */
export interface RecoveryOwner {
  userId: string
  address: string
  status: 'authorization_failed' | 'authorizing' | 'authorized' | 'revoking' | 'revoked'
  updatedAt: Date
}

/** Devices that one user may have. */
export const DEVICES_MAX = 100
