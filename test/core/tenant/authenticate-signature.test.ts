import { describe, expect, it, vi } from 'vitest'
import type { Credential } from '#core/tenant/authenticate-api-key.ts'
import { authenticateSignature, type SignedRequest } from '#core/tenant/authenticate-signature.ts'
import { frozenClock, NOW, TENANT_ID } from '#test/support/builders.ts'

const credential: Credential = {
  id: 'k',
  tenantId: TENANT_ID,
  economyId: null,
  environment: 'sandbox',
  secretHash: new Uint8Array(32),
  scopes: [],
  ipAllowList: [],
  expiresAt: null,
  revokedAt: null,
  signing: { algorithm: 'hmac-sha256', key: 'sealed', isRequired: false },
  tenantStatus: 'active',
}
const at = (seconds: number) => new Date(NOW.getTime() + seconds * 1_000)

function arrange(fields: Partial<Credential> | null = {}) {
  const used = new Set<string>()
  const claimNonce = vi.fn(async (keyId: string, nonce: string) => {
    const isNew = !used.has(`${keyId}:${nonce}`)
    used.add(`${keyId}:${nonce}`)
    return isNew
  })
  const deps = {
    clock: frozenClock,
    claimNonce,
    findCredential: async () => fields && { ...credential, ...fields },
  }
  const attempt = (request: Partial<SignedRequest> = {}) =>
    authenticateSignature(
      deps,
      { keyId: 'k', createdAt: NOW, nonce: 'n', isSignedWith: async () => true, ...request },
      '192.0.2.1',
    )
  return { attempt, claimNonce }
}

describe('authenticateSignature', () => {
  it('knows a genuine signature, once', async () => {
    const { attempt } = arrange()
    expect(await attempt()).toEqual(credential)
    await expect(attempt()).rejects.toMatchObject({ code: 'signature_invalid' })
    expect(await attempt({ nonce: 'another' })).toEqual(credential)
  })

  it.each([-300, 300])('takes a clock that is %i seconds off', async (seconds) => {
    expect(await arrange().attempt({ createdAt: at(seconds) })).toEqual(credential)
  })

  it.each([-301, 301, Number.NaN])('refuses a clock that is %f seconds off', async (seconds) => {
    await expect(arrange().attempt({ createdAt: at(seconds) })).rejects.toMatchObject({
      code: 'signature_invalid',
    })
  })

  it('lets a wrong signature use up no nonce', async () => {
    const { attempt, claimNonce } = arrange()
    await expect(attempt({ isSignedWith: async () => false })).rejects.toMatchObject({
      code: 'signature_invalid',
    })
    expect(claimNonce).not.toHaveBeenCalled()
  })

  it('answers alike for an unknown key, one that does not sign, and a wrong signature', async () => {
    const wrong = { isSignedWith: async () => false }
    const errors = await Promise.all([
      arrange(null).attempt().catch(String),
      arrange({ signing: null }).attempt().catch(String),
      arrange().attempt(wrong).catch(String),
    ])
    expect(new Set(errors).size).toBe(1)
  })

  it.each([
    ['key_revoked', { revokedAt: NOW }],
    ['key_expired', { expiresAt: NOW }],
    ['tenant_suspended', { tenantStatus: 'suspended' }],
    ['ip_not_allowed', { ipAllowList: ['192.0.2.2'] }],
  ] as const)('refuses with %s', async (code, fields) => {
    await expect(arrange(fields).attempt()).rejects.toMatchObject({ code })
  })
})
