import type { AirdropStore } from './airdrop/airdrop-store.ts'
import type { DeviceStore } from './device/device-store.ts'
import type { EconomyStore } from './economy/economy-store.ts'
import type { BackingStore } from './gateway/backing-store.ts'
import type { MessageStore } from './gateway/message-store.ts'
import type { ValueFaucetStore } from './gateway/value-faucet-store.ts'
import type { RedeemerStore } from './gateway/redeemer-store.ts'
import type { IdempotencyStore } from './idempotency/idempotency-store.ts'
import type { OutboxStore } from './outbox/outbox-store.ts'
import type { RedemptionStore } from './redemption/redemption-store.ts'
import type { PricePointStore } from './rule/price-point-store.ts'
import type { TokenRuleStore } from './rule/token-rule-store.ts'
import type { TransactionTypeStore } from './rule/transaction-type-store.ts'
import type { SessionStore } from './session/session-store.ts'
import type { ApiKeyStore } from './tenant/api-key-store.ts'
import type { AuditStore } from './tenant/audit-store.ts'
import type { MemberStore } from './tenant/member-store.ts'
import type { TenantStore } from './tenant/tenant-store.ts'
import type { UserStore } from './user/user-store.ts'
import type { WebhookStore } from './webhook/webhook-store.ts'

/**
 * The stores that a unit of work hands out, one per noun, each bound to the unit's tenant. Each is a port: the interface
 * stands in its noun's folder, the implementation under the same file name in adapters/postgres.
 */
export interface Stores {
  tenants: TenantStore
  members: MemberStore
  sessions: SessionStore
  apiKeys: ApiKeyStore
  audit: AuditStore
  economies: EconomyStore
  users: UserStore
  transactionTypes: TransactionTypeStore
  tokenRules: TokenRuleStore
  prices: PricePointStore
  idempotency: IdempotencyStore
  airdrops: AirdropStore
  outbox: OutboxStore
  webhooks: WebhookStore
  devices: DeviceStore
  redemptions: RedemptionStore
  backings: BackingStore
  messages: MessageStore
  valueFaucet: ValueFaucetStore
  redeemers: RedeemerStore
}
