import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTransactionsApi, type TransactionsApi } from '#test/support/transactions.ts'

let api: TransactionsApi
const ids: string[] = []

beforeAll(async () => {
  api = await startTransactionsApi()
  for (const [index, body] of [
    { type: 'tip', from_user_id: api.alice, to_user_id: api.bob, amount: '10', metadata: { order: 'A-1' } },
    { type: 'tip', from_user_id: api.alice, to_user_id: api.bob, amount: '20' },
    { type: 'reward', to_user_id: api.bob, amount: '30' },
    { type: 'purchase', from_user_id: api.alice, amount: '40', metadata: { order: 'A-1', vip: true } },
  ].entries()) {
    const { body: created } = await api.execute(body, { once: `seed-${index}` })
    ids.push(created.id)
  }
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
})
