import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi, type TestApi } from '#test/support/api.ts'

describe('POST /v3/api-keys', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await startApi()
  })
  afterAll(() => api.close())

  const create = (body: object, key?: string) =>
    api.request('POST', '/v3/api-keys', {
      body: { name: 'Server', scopes: ['tenant:read'], ...body },
      ...(key && { key }),
    })

  describe('201: a key and its secret', () => {
    it('shows the secret in this answer only', async () => {
      const created = await create({})
      expect(created.status).toBe(201)
      expect(created.body.secret).toMatch(/^ost_test_[0-9a-z]{26}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}$/)
      const read = await api.request('GET', `/v3/api-keys/${created.body.id}`)
      expect(read.body).not.toHaveProperty('secret')
    })

    it('does what its scopes say and nothing more', async () => {
      const { body } = await create({})
      expect((await api.request('GET', '/v3/tenant', { key: body.secret })).status).toBe(200)
      const refused = await api.request('GET', '/v3/members', { key: body.secret })
      expect(refused.status).toBe(403)
      expect(refused.body).toMatchObject({ code: 'scope_missing', details: { missing: ['members:read'] } })
    })

    it('names a production key as such', async () => {
      const { body } = await create({ environment: 'production' })
      expect(body.secret).toMatch(/^ost_live_/)
    })

    it('binds a key to one economy', async () => {
      const economy = await api.createEconomy()
      const { status, body } = await create({ economy_id: economy.id, scopes: ['users:read'] })
      expect(status).toBe(201)
      expect(body.economy_id).toBe(economy.id)
    })
  })

  describe('400: a request that is not valid', () => {
    it('refuses addresses that are none and times that are over', async () => {
      const answer = await create({
        ip_allow_list: ['10.0.0.0/8', 'localhost', '::1/129'],
        expires_at: '2020-01-01T00:00:00Z',
      })
      expect(answer.status).toBe(400)
      const pointers = answer.body.errors.map((error: { pointer: string }) => error.pointer)
      expect(pointers).toEqual(['/ip_allow_list/1', '/ip_allow_list/2', '/expires_at'])
    })

    it('gives a key of one economy no scope of the tenant', async () => {
      const economy = await api.createEconomy()
      const answer = await create({ economy_id: economy.id, scopes: ['users:read', 'keys:write'] })
      expect(answer.status).toBe(400)
      expect(answer.body.errors[0].pointer).toBe('/scopes/1')
    })

    it('points at an economy id of another kind', async () => {
      const answer = await create({ economy_id: api.tenant.id })
      expect(answer.body).toMatchObject({ code: 'invalid_request', errors: [{ pointer: '/economy_id' }] })
    })

    it.each([{ scopes: [] }, { scopes: ['everything'] }, { scopes: ['tenant:read', 'tenant:read'] }])(
      'refuses %j',
      async (body) => {
        expect((await create(body)).status).toBe(400)
      },
    )
  })

  describe('403: more than the asking key has', () => {
    it('grants no scope that it lacks', async () => {
      const key = await api.createKey({ scopes: ['keys:write', 'tenant:read'] })
      const answer = await create({ scopes: ['tenant:read', 'members:write'] }, key)
      expect(answer.status).toBe(403)
      expect(answer.body).toMatchObject({ code: 'scope_missing', details: { missing: ['members:write'] } })
    })

    it('gives a sandbox economy no production key', async () => {
      const economy = await api.createEconomy()
      const answer = await create({
        economy_id: economy.id,
        environment: 'production',
        scopes: ['users:read'],
      })
      expect(answer.status).toBe(403)
      expect(answer.body.code).toBe('environment_mismatch')
    })
  })

  it('404: binds no key to another tenant’s economy', async () => {
    const economy = await api.createEconomy()
    const other = await api.createTenant()
    const answer = await create({ economy_id: economy.id, scopes: ['users:read'] }, other.key)
    expect(answer.status).toBe(404)
    expect(answer.body.code).toBe('economy_not_found')
  })
})
