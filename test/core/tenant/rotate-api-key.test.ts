import { describe, expect, it } from 'vitest'
import { rotateApiKey } from '#core/tenant/rotate-api-key.ts'
import {
  anActor,
  anApiKey,
  countingIds,
  fakeHasher,
  fakeSigningKeys,
  frozenClock,
  NOW,
} from '#test/support/builders.ts'
import { fakeUnitOfWork } from '#test/support/fake-stores.ts'

const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1_000)

function arrange(key = anApiKey()) {
  const { unitOfWork, rows } = fakeUnitOfWork()
  rows.apiKeys.push(key)
  const deps = {
    unitOfWork,
    hasher: fakeHasher,
    signingKeys: fakeSigningKeys,
    clock: frozenClock,
    ids: countingIds(),
  }
  const rotate = (overlapSeconds: number, held = key.scopes) =>
    rotateApiKey(deps, { actor: anActor(), held, apiKeyId: key.id, overlapSeconds })
  return { rows, rotate }
}

describe('rotateApiKey', () => {
  it('hands its rights on to a key with a secret of its own', async () => {
    const { rows, rotate } = arrange(anApiKey({ ipAllowList: ['192.0.2.1'], lastUsedAt: NOW }))
    const { apiKey, secret } = await rotate(60)
    expect(apiKey).toMatchObject({
      scopes: ['tenant:read'],
      ipAllowList: ['192.0.2.1'],
      lastUsedAt: null,
      expiresAt: null,
    })
    expect(secret).toBe(`key:${apiKey.id}`)
    expect(rows.apiKeys[0]).toMatchObject({ replacedById: apiKey.id, expiresAt: later(60) })
  })

  it('never lets the old key live longer than it would have', async () => {
    const { rows, rotate } = arrange(anApiKey({ expiresAt: later(10) }))
    const { apiKey } = await rotate(60)
    expect(rows.apiKeys[0]?.expiresAt).toEqual(later(10))
    expect(apiKey.expiresAt).toEqual(later(10))
  })

  it('makes a shared signing secret anew and keeps a public key', async () => {
    const shared = arrange(
      anApiKey({ signing: { algorithm: 'hmac-sha256', publicKey: null, isRequired: true } }),
    )
    expect(await shared.rotate(60)).toMatchObject({
      signingSecret: 'shared',
      apiKey: { signing: { isRequired: true } },
    })
    const signing = { algorithm: 'ed25519', publicKey: 'public-half', isRequired: false } as const
    const owned = arrange(anApiKey({ signing }))
    expect(await owned.rotate(60)).toMatchObject({ signingSecret: null, apiKey: { signing } })
  })

  it('changes nothing when it refuses', async () => {
    const { rows, rotate } = arrange(anApiKey({ scopes: ['tenant:read', 'keys:write'] }))
    await expect(rotate(60, ['tenant:read'])).rejects.toMatchObject({ code: 'scope_missing' })
    expect(rows.apiKeys).toHaveLength(1)
    expect(rows.audit).toEqual([])
  })

  it.each([
    ['expired', { expiresAt: NOW }],
    ['revoked', { revokedAt: NOW }],
    ['rotated before', { replacedById: 'another' }],
  ])('refuses a key that is %s', async (_title, fields) => {
    const { rotate } = arrange(anApiKey(fields))
    await expect(rotate(60)).rejects.toMatchObject({ code: 'api_key_not_active' })
  })
})
