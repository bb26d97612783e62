import type { Economy } from '#core/economy/economy.ts'
import type { Actor } from '#core/shared/actor.ts'
import type { Clock, Ids } from '#core/shared/clock.ts'
import type { ApiKey } from '#core/tenant/api-key.ts'
import type { ApiKeyHasher } from '#core/tenant/api-key-hasher.ts'
import type { Member } from '#core/tenant/member.ts'
import type { SigningKeys } from '#core/tenant/signing-keys.ts'

/** The moment at which tests stand still. */
export const NOW = new Date('2026-11-21T12:00:00.000Z')
export const TENANT_ID = '019d0000-0000-7000-8000-000000000001'

export const frozenClock: Clock = { now: () => NOW }

/** Ids that count up, so that they sort by their making. */
export function countingIds(): Ids {
  let count = 0
  return { next: () => `019d0000-0000-7000-8000-${String((count += 1) + 1_000).padStart(12, '0')}` }
}

/** A hasher that hides nothing: `key:<id>`. */
export const fakeHasher: ApiKeyHasher = {
  issue: (_environment, id) => ({ text: `key:${id}`, hash: new Uint8Array(32).fill(1) }),
  parse: (text) =>
    text.startsWith('key:') ? { id: text.slice(4), environment: 'sandbox', secret: text } : null,
  matches: (secret, hash) => secret.length > 0 && hash[0] === 1,
}

/** Signing keys that hide nothing: the sealed form of `secret` is `sealed:secret`. */
export const fakeSigningKeys: SigningKeys = {
  issueSecret: () => ({ secret: 'shared', sealed: 'sealed:shared' }),
  issueDialectKey: (dialect) => `key-of-${dialect}`,
  isPublicKey: (text) => text === 'public-half',
}

export function anActor(fields: Partial<Actor> = {}): Actor {
  return {
    tenantId: TENANT_ID,
    type: 'api_key',
    id: 'the-key',
    ip: '192.0.2.1',
    requestId: 'req_1',
    ...fields,
  }
}

export function aMember(fields: Partial<Member> = {}): Member {
  return { id: 'ada', email: 'ada@example.com', name: 'Ada', role: 'owner', createdAt: NOW, ...fields }
}

export function anApiKey(fields: Partial<ApiKey> = {}): ApiKey {
  return {
    id: 'a-key',
    name: 'A key',
    economyId: null,
    environment: 'sandbox',
    scopes: ['tenant:read'],
    ipAllowList: [],
    createdAt: NOW,
    expiresAt: null,
    lastUsedAt: null,
    revokedAt: null,
    replacedById: null,
    signing: null,
    ...fields,
  }
}

export function anEconomy(fields: Partial<Economy> = {}): Economy {
  return {
    id: 'an-economy',
    name: 'Acme Coin',
    symbol: 'ACME',
    decimals: 18,
    environment: 'sandbox',
    status: 'active',
    failureReason: null,
    chainId: 31_002,
    laneId: 'lane',
    tokenAddress: `0x${'11'.repeat(20)}`,
    tokenRulesAddress: `0x${'22'.repeat(20)}`,
    companyUserId: 'company',
    initialGrant: 10n ** 24n,
    metadata: {},
    steps: [],
    createdAt: NOW,
    updatedAt: NOW,
    ...fields,
  }
}
