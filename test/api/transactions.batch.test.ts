import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTransactionsApi, type TransactionsApi } from '#test/support/transactions.ts'

let api: TransactionsApi

beforeAll(async () => {
  api = await startTransactionsApi()
})
afterAll(() => api.close())

const tip = (amount: string) => ({ type: 'tip', from_user_id: api.alice, to_user_id: api.bob, amount })
const send = (transactions: unknown[], once: string) =>
  api.request('POST', '/v3/transactions/batch', { economy: api.economyId, once, body: { transactions } })

describe('202', () => {
  it('decides each item on its own', async () => {
    const { status, body } = await send([tip('10'), tip('999999'), tip('20')], 'mixed')
    expect(status).toBe(202)
    expect([body.accepted, body.refused]).toEqual([2, 1])
    expect(
      body.data.map(
        (item: { transaction: object | null; problem: { code: string } | null }) =>
          item.problem?.code ?? 'accepted',
      ),
    ).toEqual(['accepted', 'insufficient_funds', 'accepted'])
  })

  it('replays the whole batch', async () => {
    const first = await send([tip('1'), tip('999999')], 'replayed')
    const second = await send([tip('1'), tip('999999')], 'replayed')
    expect(second.headers['idempotency-replayed']).toBe('true')
    expect(second.body.data[0]).toEqual(first.body.data[0])
    expect(second.body.data[1].problem.code).toBe('insufficient_funds')
    expect((await api.sql('SELECT count(*)::int AS n FROM transaction WHERE amount = 1'))[0]?.n).toBe(1)
  })
})

describe('409', () => {
  it('has one request of a key at a time', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => send([tip('1')], 'storm')))
    const refused = answers.filter(({ status }) => status === 409)
    expect(refused.length).toBeGreaterThan(0)
    for (const { body } of refused) expect(body.code).toBe('idempotency_key_in_progress')
    expect(answers.filter(({ status }) => status === 202).length).toBe(answers.length - refused.length)
  })
})

describe('400', () => {
  it('takes 1 to 1,000 items and a key', async () => {
    expect((await send([], 'empty')).status).toBe(400)
    expect(
      (
        await send(
          Array.from({ length: 1_001 }, () => tip('1')),
          'many',
        )
      ).status,
    ).toBe(400)
    const { body } = await api.request('POST', '/v3/transactions/batch', {
      economy: api.economyId,
      body: { transactions: [tip('1')] },
    })
    expect(body.code).toBe('idempotency_key_missing')
  })

  it('points into the wrong item', async () => {
    const { body } = await send([tip('1'), { ...tip('1'), to_user_id: 'x' }], 'pointer')
    expect(body.errors[0].pointer).toBe('/transactions/1/to_user_id')
  })
})

describe('422', () => {
  it('refuses the key of another batch', async () => {
    await send([tip('1')], 'used')
    expect((await send([tip('2')], 'used')).body).toMatchObject({
      code: 'idempotency_key_reused',
      details: { differing: ['/transactions'] },
    })
  })
})
