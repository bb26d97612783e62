import type {
  Airdrop,
  Economy,
  PricePoint,
  Reconciliation,
  TokenRule,
  Transaction,
  TransactionType,
  User,
  Webhook,
} from './generated/types.ts'

/** What an event can be about. `data.object` tells which it is, and TypeScript follows. */
export type EventSubject =
  | Airdrop
  | Economy
  | PricePoint
  | Reconciliation
  | TokenRule
  | Transaction
  | TransactionType
  | User
  | Webhook
