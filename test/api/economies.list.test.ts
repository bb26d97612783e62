import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi, type TestApi } from '#test/support/api.ts'

describe('GET /v3/economies', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await startApi()
    await api.createEconomy({ symbol: 'ONE' })
    await api.createEconomy({ symbol: 'TWO', status: 'failed' })
  })
  afterAll(() => api.close())

  const symbols = async (query = '', key?: string) => {
    const { body } = await api.request('GET', `/v3/economies${query}`, key ? { key } : {})
    return body.data.map((economy: { symbol: string }) => economy.symbol)
  }

  it('200: lists the newest first, each with its steps', async () => {
    expect(await symbols()).toEqual(['TWO', 'ONE'])
    const { body } = await api.request('GET', '/v3/economies?limit=1')
    expect(body.data[0].steps).toHaveLength(2)
  })

  it('200: filters by status and environment', async () => {
    expect(await symbols('?status=failed')).toEqual(['TWO'])
    expect(await symbols('?environment=production')).toEqual([])
  })

  it('200: shows another tenant nothing of it', async () => {
    expect(await symbols('', (await api.createTenant()).key)).toEqual([])
  })

  it('400: refuses a status that does not exist', async () => {
    const { status, body } = await api.request('GET', '/v3/economies?status=sleeping')
    expect(status).toBe(400)
    expect(body.errors).toMatchObject([{ pointer: '?status' }])
  })
})
