import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTransactionsApi, type TransactionsApi } from '#test/support/transactions.ts'

let api: TransactionsApi

beforeAll(async () => {
  api = await startTransactionsApi()
})
afterAll(() => api.close())

describe('POST /v3/transactions/dry-run', () => {
  const dryRun = (body: object) =>
    api.request('POST', '/v3/transactions/dry-run', { economy: api.economyId, body })

  it('decides and leaves no trace', async () => {
    const before = await api.sql('SELECT count(*) AS n FROM transaction')
    const { status, body } = await dryRun({
      type: 'tip',
      from_user_id: api.alice,
      to_user_id: api.bob,
      amount: '100',
    })
    expect([status, body.amount, body.commission]).toEqual([200, '100', '1'])
    expect(await api.sql('SELECT count(*) AS n FROM transaction')).toEqual(before)
  })

  it('refuses what an execution would refuse', async () => {
    const { status, body } = await dryRun({
      type: 'tip',
      from_user_id: api.alice,
      to_user_id: api.bob,
      amount: '100000',
    })
    expect([status, body.code]).toEqual([422, 'insufficient_funds'])
  })

  it('409: is refused while the economy is paused', async () => {
    await api.sql(`UPDATE economy SET status = 'paused' WHERE id = $1`, [api.economy.economyId])
    const { status, body } = await dryRun({
      type: 'tip',
      from_user_id: api.alice,
      to_user_id: api.bob,
      amount: '1',
    })
    await api.sql(`UPDATE economy SET status = 'active' WHERE id = $1`, [api.economy.economyId])
    expect([status, body.code]).toEqual([409, 'economy_not_active'])
  })
})
