import type {
  Airdrop,
  Economy,
  PricePoint,
  Reconciliation,
  RedeemableSku,
  Redemption,
  Stake,
  TokenGrant,
  TokenRule,
  Transaction,
  TransactionType,
  Unstake,
  User,
  Webhook,
} from './generated/types.ts'

/** A user's device, registered through the API of 2019. No route of /v3 shows it. */
export interface Device {
  object: 'device'
  id: string
  user_id: string
  address: string
  api_signer_address: string
  status: 'registered' | 'authorizing' | 'authorized' | 'revoking' | 'revoked' | 'recovering' | 'aborting'
  created_at: string
  updated_at: string
}

/** A transfer of the utility chain's coin, made through the API of 2018. No route of /v3 shows it. */
export interface CoinTransfer extends Omit<TokenGrant, 'object'> {
  object: 'coin_transfer'
  to_address: string
  /** In wei. */
  amount: string
}

/** What an event can be about. `data.object` tells which it is, and TypeScript follows. */
export type EventSubject =
  | Airdrop
  | CoinTransfer
  | Device
  | Economy
  | PricePoint
  | Reconciliation
  | RedeemableSku
  | Redemption
  | Stake
  | TokenGrant
  | TokenRule
  | Transaction
  | TransactionType
  | Unstake
  | User
  | Webhook
