import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi, type TestApi } from '#test/support/api.ts'

describe('GET /v3/tenant', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await startApi()
  })
  afterAll(() => api.close())

  describe('200: the key’s own tenant', () => {
    it('shows the tenant of the key that asks', async () => {
      const { status, body } = await api.request('GET', '/v3/tenant')
      expect(status).toBe(200)
      expect(body).toMatchObject({ object: 'tenant', id: api.tenant.id, name: 'Acme', status: 'active' })
    })
  })
})
