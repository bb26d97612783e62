import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi, type TestApi, uuidOfWire } from '#test/support/api.ts'

describe('POST /v3/api-keys/{id}/rotate', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await startApi()
  })
  afterAll(() => api.close())

  const newKey = async () =>
    (await api.request('POST', '/v3/api-keys', { body: { name: 'k', scopes: ['tenant:read'] } })).body
  const rotate = (id: string, body: object, key?: string) =>
    api.request('POST', `/v3/api-keys/${id}/rotate`, { body, ...(key && { key }) })
  const works = async (secret: string) => (await api.request('GET', '/v3/tenant', { key: secret })).status

  describe('201: the key that takes its place', () => {
    it('lets both work while they overlap', async () => {
      const old = await newKey()
      const { status, body } = await rotate(old.id, { overlap_seconds: 60 })
      expect(status).toBe(201)
      expect(body).toMatchObject({ name: 'k', scopes: ['tenant:read'], expires_at: null })
      expect([await works(old.secret), await works(body.secret)]).toEqual([200, 200])
      const read = await api.request('GET', `/v3/api-keys/${old.id}`)
      expect(read.body.replaced_by_id).toBe(body.id)
      expect(Date.parse(read.body.expires_at)).toBeGreaterThan(Date.now())
    })

    it('ends the old one at once without an overlap', async () => {
      const old = await newKey()
      const { body } = await rotate(old.id, { overlap_seconds: 0 })
      expect([await works(old.secret), await works(body.secret)]).toEqual([401, 200])
    })

    it('overlaps for a day when nothing is said', async () => {
      const old = await newKey()
      await rotate(old.id, {})
      const [row] = await api.sql('SELECT expires_at - now() AS left FROM api_key WHERE id = $1', [
        uuidOfWire(old.id),
      ])
      expect(row?.['left']).toMatchObject({ hours: 23, minutes: 59 })
    })

    it('sends the same secret again for the same idempotency key', async () => {
      const old = await newKey()
      const options = { body: {}, once: 'rotation-1' }
      const first = await api.request('POST', `/v3/api-keys/${old.id}/rotate`, options)
      const second = await api.request('POST', `/v3/api-keys/${old.id}/rotate`, options)
      expect(second.body.secret).toBe(first.body.secret)
    })
  })

  it.each([-1, 604_801, 1.5, '60'])('400: refuses an overlap of %j', async (overlap_seconds) => {
    const answer = await rotate(api.tenant.keyId, { overlap_seconds })
    expect(answer.status).toBe(400)
    expect(answer.body.errors).toMatchObject([{ pointer: '/overlap_seconds' }])
  })

  it('403: hands nobody a key that may do more than theirs', async () => {
    const key = await api.createKey({ scopes: ['keys:write'] })
    const answer = await rotate(api.tenant.keyId, {}, key)
    expect(answer.status).toBe(403)
    expect(answer.body.code).toBe('scope_missing')
  })

  it('404: does not rotate another tenant’s key', async () => {
    const other = await api.createTenant()
    const answer = await rotate(api.tenant.keyId, {}, other.key)
    expect(answer.status).toBe(404)
    expect(answer.body.code).toBe('api_key_not_found')
  })

  it('409: refuses a key that has ended or has a successor', async () => {
    const revoked = await newKey()
    await api.request('DELETE', `/v3/api-keys/${revoked.id}`)
    const rotated = await newKey()
    await rotate(rotated.id, {})
    for (const { id } of [revoked, rotated]) {
      const answer = await rotate(id, {})
      expect(answer.status).toBe(409)
      expect(answer.body.code).toBe('api_key_not_active')
    }
  })
})
