import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seedTransactions, startTransactionsApi, type TransactionsApi } from '#test/support/transactions.ts'

let api: TransactionsApi
let ids: string[]

beforeAll(async () => {
  api = await startTransactionsApi()
  ids = await seedTransactions(api)
})
afterAll(() => api.close())

describe('GET /v3/transactions/{id}', () => {
  it('shows the transaction as it stands', async () => {
    const { status, body } = await api.request('GET', `/v3/transactions/${ids[0]}`, {
      economy: api.economyId,
    })
    expect([status, body.id, body.chain, body.failure]).toEqual([200, ids[0], null, null])
  })

  it('answers 404 for what is not there and for what is not yours, alike', async () => {
    const other = await api.createTenant()
    const theirs = await api.createEconomy({ key: other.key })
    const foreign = await api.request('GET', `/v3/transactions/${ids[0]}`, {
      key: other.key,
      economy: theirs.id,
    })
    const missing = await api.request('GET', '/v3/transactions/txn_01k0g2qz5me93tnsy1xq2zc7ah', {
      economy: api.economyId,
    })
    expect([foreign.status, missing.status]).toEqual([404, 404])
    expect(foreign.body.detail).toBe(missing.body.detail)
  })
})
