import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seedTransactions, startTransactionsApi, type TransactionsApi } from '#test/support/transactions.ts'

let api: TransactionsApi
let ids: string[]

beforeAll(async () => {
  api = await startTransactionsApi()
  ids = await seedTransactions(api)
})
afterAll(() => api.close())

const list = async (query: Record<string, string>) => {
  const { body } = await api.request('GET', `/v3/transactions?${new URLSearchParams(query).toString()}`, {
    economy: api.economyId,
  })
  return body.data.map((transaction: { id: string }) => ids.indexOf(transaction.id))
}

describe('GET /v3/transactions', () => {
  it('lists the newest first, or the oldest where asked', async () => {
    expect(await list({})).toEqual([3, 2, 1, 0])
    expect(await list({ order: 'asc' })).toEqual([0, 1, 2, 3])
  })

  it('filters by party, type, status, time and metadata', async () => {
    expect(await list({ user_id: api.bob })).toEqual([2, 1, 0])
    expect(await list({ user_id: api.company })).toEqual([3, 2])
    expect(await list({ from_user_id: api.alice, to_user_id: api.bob })).toEqual([1, 0])
    expect(await list({ status: 'queued' })).toEqual([3, 2, 1, 0])
    expect(await list({ status: 'confirmed' })).toEqual([])
    expect(await list({ metadata: '{"order":"A-1"}' })).toEqual([3, 0])
    expect(await list({ metadata: '{"order":"A-1","vip":true}' })).toEqual([3])
    expect(await list({ metadata: '{"vip":"true"}' })).toEqual([])
    expect(await list({ metadata: '{"order":"A-1"}', to_user_id: api.bob })).toEqual([0])
    expect(await list({ metadata: '{"order":"A-1"}', status: 'queued', order: 'asc' })).toEqual([0, 3])
    expect(await list({ 'created_at.lt': '2020-01-01T00:00:00Z' })).toEqual([])
    expect(await list({ 'created_at.gte': '2020-01-01T00:00:00Z' })).toEqual([3, 2, 1, 0])
  })

  it('pages by a cursor that belongs to its filters', async () => {
    const page = (query: string) =>
      api.request('GET', `/v3/transactions?${query}`, { economy: api.economyId })
    const first = await page(`limit=2&user_id=${api.alice}`)
    expect([first.body.data.length, first.body.has_more]).toEqual([2, true])
    const second = await page(`limit=2&user_id=${api.alice}&cursor=${first.body.next_cursor}`)
    expect([second.body.data.length, second.body.has_more, second.body.next_cursor]).toEqual([1, false, null])
    expect((await page(`limit=2&cursor=${first.body.next_cursor}`)).body.code).toBe('invalid_cursor')
  })

  it('refuses filters that are none', async () => {
    for (const query of [
      'status=lost',
      'limit=101',
      'user_id=nobody',
      'metadata=[1]',
      'created_at.gte=yesterday',
      'colour=red',
    ]) {
      const { status, body } = await api.request('GET', `/v3/transactions?${query}`, {
        economy: api.economyId,
      })
      expect([query, status, body.code]).toEqual([query, 400, 'invalid_request'])
    }
  })
})
