import type { Ids } from '#core/shared/clock.ts'
import type { UnitOfWork } from '#core/unit-of-work.ts'
import type { Sealer } from '#adapters/crypto/sealer.ts'
import { createAirdropStore } from './airdrop-store.ts'
import { createApiKeyStore } from './api-key-store.ts'
import { createAuditStore } from './audit-store.ts'
import { createBackingStore } from './backing-store.ts'
import type { Database } from './database.ts'
import { createDeviceStore } from './device-store.ts'
import { createEconomyStore } from './economy-store.ts'
import { createIdempotencyStore } from './idempotency-store.ts'
import { createMemberStore } from './member-store.ts'
import { createMessageStore } from './message-store.ts'
import { createOutboxStore } from './outbox-store.ts'
import { createPricePointStore } from './price-point-store.ts'
import { createRedeemerStore } from './redeemer-store.ts'
import { createRedemptionStore } from './redemption-store.ts'
import { createSessionStore } from './session-store.ts'
import { createTenantStore } from './tenant-store.ts'
import { createTokenRuleStore } from './token-rule-store.ts'
import { createTransactionTypeStore } from './transaction-type-store.ts'
import { createUserStore } from './user-store.ts'
import { createValueFaucetStore } from './value-faucet-store.ts'
import { createWebhookStore } from './webhook-store.ts'

/** Units of work in Postgres: one Prisma transaction each, with every store bound to it and to its tenant. */
export function createUnitOfWork(deps: { database: Database; ids: Ids; sealer: Sealer }): UnitOfWork {
  const { database, ids, sealer } = deps
  return (tenantId, work) =>
    database.transaction(tenantId, (tx) =>
      work({
        tenants: createTenantStore(tx, tenantId),
        members: createMemberStore(tx, tenantId),
        sessions: createSessionStore(tx, tenantId),
        apiKeys: createApiKeyStore(tx, tenantId),
        audit: createAuditStore(tx, tenantId),
        economies: createEconomyStore(tx, tenantId),
        users: createUserStore(tx, tenantId),
        transactionTypes: createTransactionTypeStore(tx, tenantId),
        tokenRules: createTokenRuleStore(tx, tenantId),
        prices: createPricePointStore(tx, tenantId),
        idempotency: createIdempotencyStore(tx, tenantId, sealer),
        airdrops: createAirdropStore(tx, tenantId),
        outbox: createOutboxStore(tx, ids),
        webhooks: createWebhookStore(tx, tenantId, sealer),
        devices: createDeviceStore(tx, tenantId),
        redemptions: createRedemptionStore(tx, tenantId),
        backings: createBackingStore(tx, tenantId),
        messages: createMessageStore(tx, tenantId),
        valueFaucet: createValueFaucetStore(tx, tenantId),
        redeemers: createRedeemerStore(tx, tenantId),
      }),
    )
}
