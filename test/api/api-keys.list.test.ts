import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi, type TestApi } from '#test/support/api.ts'

describe('GET /v3/api-keys', () => {
  let api: TestApi
  let economyId: string
  beforeAll(async () => {
    api = await startApi()
    economyId = (await api.createEconomy()).id
    await api.createKey({ economy_id: economyId, scopes: ['users:read'] })
    await api.createKey()
  })
  afterAll(() => api.close())

  it('200: lists the tenant’s keys without their secrets', async () => {
    const { status, body } = await api.request('GET', '/v3/api-keys')
    expect(status).toBe(200)
    expect(body.data).toHaveLength(3)
    expect(JSON.stringify(body)).not.toContain('secret')
  })

  it('200: lists the keys of one economy', async () => {
    const { body } = await api.request('GET', `/v3/api-keys?economy_id=${economyId}`)
    expect(body.data).toMatchObject([{ economy_id: economyId }])
  })

  it('200: shows another tenant nothing of it', async () => {
    const other = await api.createTenant()
    const { body } = await api.request('GET', `/v3/api-keys?economy_id=${economyId}`, { key: other.key })
    expect(body.data).toEqual([])
  })

  it('400: points at a filter that is no economy id', async () => {
    const { status, body } = await api.request('GET', '/v3/api-keys?economy_id=ten_x')
    expect(status).toBe(400)
    expect(body.errors).toMatchObject([{ pointer: '?economy_id' }])
  })
})
