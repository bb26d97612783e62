import { describe, expect, it, vi } from 'vitest'
import {
  authenticateApiKey,
  type Credential,
  isAllowedFrom,
  isIpRange,
} from '#core/tenant/authenticate-api-key.ts'
import { fakeHasher, frozenClock, NOW, TENANT_ID } from '#test/support/builders.ts'

const credential: Credential = {
  id: 'k',
  tenantId: TENANT_ID,
  economyId: null,
  environment: 'sandbox',
  secretHash: new Uint8Array(32).fill(1),
  scopes: [],
  ipAllowList: [],
  expiresAt: null,
  revokedAt: null,
  signing: null,
  tenantStatus: 'active',
}
const attempt = (fields: Partial<Credential> | null, text = 'key:k', hasher = fakeHasher) =>
  authenticateApiKey(
    { hasher, clock: frozenClock, findCredential: async () => fields && { ...credential, ...fields } },
    text,
    '192.0.2.1',
  )

describe('authenticateApiKey', () => {
  it('knows a good key', async () => {
    expect(await attempt({})).toEqual(credential)
  })

  it('knows a remembered key at once, and refuses a wrong one', () => {
    const deps = { clock: frozenClock, findCredential: () => credential }
    expect(authenticateApiKey({ ...deps, hasher: fakeHasher }, 'key:k', '192.0.2.1')).toEqual(credential)
    const hasher = { ...fakeHasher, matches: () => false }
    expect(() => authenticateApiKey({ ...deps, hasher }, 'key:k', '192.0.2.1')).toThrow(
      expect.objectContaining({ code: 'unauthenticated' }),
    )
  })

  it('looks nothing up for text that is no key', async () => {
    const findCredential = vi.fn()
    const deps = { hasher: fakeHasher, clock: frozenClock, findCredential }
    await expect(async () => authenticateApiKey(deps, 'password', '::1')).rejects.toMatchObject({
      code: 'unauthenticated',
    })
    expect(findCredential).not.toHaveBeenCalled()
  })

  it('compares also when there is nothing to compare with', async () => {
    const matches = vi.fn(() => false)
    await expect(attempt(null, 'key:k', { ...fakeHasher, matches })).rejects.toMatchObject({
      code: 'unauthenticated',
    })
    expect(matches).toHaveBeenCalledOnce()
  })

  it.each([
    ['key_revoked', { revokedAt: NOW }],
    ['key_expired', { expiresAt: NOW }],
    ['tenant_suspended', { tenantStatus: 'suspended' }],
    ['ip_not_allowed', { ipAllowList: ['192.0.2.2'] }],
    ['unauthenticated', { environment: 'production' }],
    ['signature_required', { signing: { algorithm: 'ed25519', key: 'half', isRequired: true } }],
  ] as const)('refuses with %s', async (code, fields) => {
    await expect(attempt(fields)).rejects.toMatchObject({ code })
  })

  it('tells a stranger nothing about a key that has ended', async () => {
    const hasher = { ...fakeHasher, matches: () => false }
    await expect(attempt({ revokedAt: NOW }, 'key:k', hasher)).rejects.toMatchObject({
      code: 'unauthenticated',
    })
  })
})

describe('isAllowedFrom', () => {
  it.each([
    [[], '192.0.2.1', true],
    [['192.0.2.0/31'], '192.0.2.1', true],
    [['192.0.2.0/31'], '192.0.2.2', false],
    [['0.0.0.0/0'], '::1', false],
    [['2001:db8::/48'], '2001:db8::ffff', true],
    [['2001:db8::/48'], '2001:db9::1', false],
    [['192.0.2.1'], '::ffff:192.0.2.1', true],
    [['192.0.2.1'], 'not an address', false],
  ] as const)('%j, %s: %s', (list, ip, expected) => {
    expect(isAllowedFrom(list, ip)).toBe(expected)
  })
})

describe('isIpRange', () => {
  it.each(['1.2.3.4', '10.0.0.0/8', '::1', '2001:db8::/128'])('%s is one', (text) =>
    expect(isIpRange(text)).toBe(true),
  )
  it.each(['', '1.2.3', '10.0.0.0/33', '::/129', '1.2.3.4/', '1.2.3.4/-1', '1.2.3.4/8/8', 'localhost'])(
    '%j is none',
    (text) => expect(isIpRange(text)).toBe(false),
  )
})
