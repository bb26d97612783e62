import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seedTransactions, startTransactionsApi, type TransactionsApi } from '#test/support/transactions.ts'

let api: TransactionsApi
let ids: string[]

beforeAll(async () => {
  api = await startTransactionsApi()
  ids = await seedTransactions(api)
})
afterAll(() => api.close())

describe('GET /v3/transactions/{id}/timeline', () => {
  it('tells what happened so far', async () => {
    const { status, body } = await api.request('GET', `/v3/transactions/${ids[0]}/timeline`, {
      economy: api.economyId,
    })
    expect(status).toBe(200)
    expect(body.data.map((event: { kind: string }) => event.kind)).toEqual([
      'accepted',
      'rules_evaluated',
      'funds_held',
    ])
  })

  it('answers 404 for what is not there', async () => {
    const { status } = await api.request('GET', '/v3/transactions/txn_01k0g2qz5me93tnsy1xq2zc7ah/timeline', {
      economy: api.economyId,
    })
    expect(status).toBe(404)
  })
})
