import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { OPERATOR_KEY, startApi, type TestApi, uuidOfWire } from '#test/support/api.ts'

describe('authentication', () => {
  let api: TestApi
  let now = new Date()
  beforeAll(async () => {
    api = await startApi({ deps: () => ({ clock: { now: () => now } }) })
  })
  afterAll(() => api.close())

  const ask = (authorization: string, options: { ip?: string } = {}) =>
    api.request('GET', '/v3/tenant', { key: null, headers: { authorization }, ...options })
  const lastByteWrong = (key: string) => `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`

  describe('401: nobody we know', () => {
    it('says how to send a key when there is none', async () => {
      const answer = await api.request('GET', '/v3/tenant', { key: null })
      expect(answer.status).toBe(401)
      expect(answer.body).toMatchObject({ code: 'unauthenticated', retryable: false })
      expect(answer.headers['www-authenticate']).toContain('Bearer')
    })

    it.each(['', 'Bearer', 'Basic abc', 'Bearer a b', `Bearer ${'x'.repeat(600)}`])(
      'refuses the header %j',
      async (header) => {
        expect((await ask(header)).status).toBe(401)
      },
    )

    it('looks nothing up for a key whose checksum is wrong', async () => {
      const query = vi.spyOn(api.deps.database.pool, 'query')
      for (const key of [
        lastByteWrong(api.tenant.key),
        api.tenant.key.slice(0, -1),
        api.tenant.key.replace('test', 'live'),
      ]) {
        expect((await ask(`Bearer ${key}`)).status).toBe(401)
      }
      expect(query).not.toHaveBeenCalled()
      query.mockRestore()
    })

    it('tells an unknown key and a wrong secret apart for nobody', async () => {
      const { hasher, ids } = api.deps
      const unknown = await ask(`Bearer ${hasher.issue('sandbox', ids.next()).text}`)
      const wrong = await ask(`Bearer ${hasher.issue('sandbox', uuidOfWire(api.tenant.keyId)).text}`)
      expect(wrong.status).toBe(401)
      expect(wrong.body.detail).toBe(unknown.body.detail)
    })

    it('does not take the operator’s key for a tenant’s', async () => {
      expect((await ask(`Bearer ${OPERATOR_KEY}`)).status).toBe(401)
    })

    it('refuses a key that has run out, to the second', async () => {
      const key = await api.createKey({ expires_at: new Date(now.getTime() + 60_000).toISOString() })
      expect((await ask(`Bearer ${key}`)).status).toBe(200)
      const start = now
      now = new Date(start.getTime() + 60_000)
      const answer = await ask(`Bearer ${key}`)
      now = start
      expect(answer.status).toBe(401)
      expect(answer.body.code).toBe('key_expired')
    })
  })

  describe('403: known, and not allowed', () => {
    it('lets a key work from its listed addresses only', async () => {
      const key = await api.createKey({ ip_allow_list: ['198.51.100.0/24', '2001:db8::/32', '203.0.113.9'] })
      const statuses = await Promise.all(
        ['198.51.100.77', '2001:db8::1', '203.0.113.9', '::ffff:203.0.113.9', '203.0.113.10', '::1'].map(
          async (ip) => (await ask(`Bearer ${key}`, { ip })).status,
        ),
      )
      expect(statuses).toEqual([200, 200, 200, 200, 403, 403])
      expect((await ask(`Bearer ${key}`, { ip: '192.0.2.1' })).body.code).toBe('ip_not_allowed')
    })

    it('refuses the keys of a suspended tenant', async () => {
      const tenant = await api.createTenant()
      await api.sql("UPDATE tenant SET status = 'suspended' WHERE id = $1", [uuidOfWire(tenant.id)])
      const answer = await ask(`Bearer ${tenant.key}`)
      expect(answer.status).toBe(403)
      expect(answer.body.code).toBe('tenant_suspended')
    })
  })

  it('asks the database once for many requests at the same time', async () => {
    const key = await api.createKey()
    const query = vi.spyOn(api.deps.database.pool, 'query')
    await Promise.all(Array.from({ length: 20 }, () => ask(`Bearer ${key}`)))
    const lookUps = query.mock.calls.filter(
      ([config]) => (config as { name?: string }).name === 'authenticate_api_key',
    )
    expect(lookUps).toHaveLength(1)
    query.mockRestore()
  })
})

describe('X-Forwarded-For', () => {
  it.each([
    ['0', '127.0.0.1'],
    ['1', '198.51.100.2'],
    ['2', '198.51.100.1'],
  ])('is believed for %s proxies', async (TRUSTED_PROXIES, ip) => {
    const api = await startApi({ env: { TRUSTED_PROXIES } })
    const body = { email: 'grace@example.com', name: 'Grace', role: 'viewer' }
    await api.request('POST', '/v3/members', {
      body,
      headers: { 'x-forwarded-for': '198.51.100.1, 198.51.100.2' },
    })
    const { body: log } = await api.request('GET', '/v3/audit-log?limit=1')
    expect(log.data[0].ip).toBe(ip)
    await api.close()
  })
})
