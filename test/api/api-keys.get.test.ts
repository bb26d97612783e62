import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi, type TestApi } from '#test/support/api.ts'

describe('GET /v3/api-keys/{id}', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await startApi()
  })
  afterAll(() => api.close())

  it('200: shows the key and, to the minute, when it was last used', async () => {
    await api.request('GET', '/v3/tenant')
    await expect
      .poll(async () => (await api.request('GET', `/v3/api-keys/${api.tenant.keyId}`)).body)
      .toMatchObject({ id: api.tenant.keyId, status: 'active', last_used_at: expect.stringMatching(/^20/) })
  })

  it('404: a key of another tenant is not there', async () => {
    const other = await api.createTenant()
    const { status, body } = await api.request('GET', `/v3/api-keys/${other.keyId}`)
    expect(status).toBe(404)
    expect(body.code).toBe('api_key_not_found')
  })
})
