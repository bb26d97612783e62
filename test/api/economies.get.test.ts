import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi, type TestApi } from '#test/support/api.ts'

describe('GET /v3/economies/{id}', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await startApi()
  })
  afterAll(() => api.close())

  it('200: shows the economy', async () => {
    const economy = await api.createEconomy()
    const { status, body } = await api.request('GET', `/v3/economies/${economy.id}`)
    expect(status).toBe(200)
    expect(body).toMatchObject({ id: economy.id, status: 'active', company_user_id: economy.company_user_id })
  })

  it('404: another tenant’s economy is not there', async () => {
    const economy = await api.createEconomy()
    const other = await api.createTenant()
    const { status, body } = await api.request('GET', `/v3/economies/${economy.id}`, { key: other.key })
    expect(status).toBe(404)
    expect(body.code).toBe('economy_not_found')
  })
})
