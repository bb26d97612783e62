import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { uuidOfWire } from '#test/support/api.ts'
import { startTransactionsApi, type TransactionsApi } from '#test/support/transactions.ts'

describe('the line of a request', () => {
  let api: TransactionsApi
  let text = ''

  beforeAll(async () => {
    api = await startTransactionsApi({
      env: { LOG_LEVEL: 'debug' },
      deps: () => ({ logTo: { write: (lines) => void (text += lines) } }),
    })
  })
  afterAll(async () => api.close())

  const lineOf = async (reqId: string) => {
    const own = () =>
      text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .find((line) => line['reqId'] === reqId && line['msg'] === 'answered')
    await expect.poll(own, { timeout: 10_000 }).toBeDefined()
    return own()
  }

  it('says who asked for what, how it was answered, and which transactions were accepted', async () => {
    const { status, body } = await api.execute(
      { type: 'reward', to_user_id: api.bob, amount: '5' },
      { headers: { 'x-request-id': 'paid.1' } },
    )
    expect(status).toBe(202)
    const line = await lineOf('paid.1')
    expect(line).toMatchObject({
      level: 30,
      time: expect.any(Number),
      pid: process.pid,
      hostname: expect.any(String),
      method: 'POST',
      route: '/v3/transactions',
      status: 202,
      ms: expect.any(Number),
      tenantId: expect.any(String),
      economyId: uuidOfWire(api.economyId),
      apiKeyId: expect.any(String),
      transactions: 1,
      transactionIds: uuidOfWire(body.id),
    })
    expect(line).not.toHaveProperty('memberId')
  })

  it('is there for what nobody was asked for, and for what is public', async () => {
    await api.request('GET', '/nowhere', { key: null, headers: { 'x-request-id': 'lost' } })
    expect(await lineOf('lost')).toEqual({
      level: 30,
      time: expect.any(Number),
      pid: process.pid,
      hostname: expect.any(String),
      reqId: 'lost',
      method: 'GET',
      status: 404,
      ms: expect.any(Number),
      msg: 'answered',
    })
    await api.request('GET', '/openapi.json', { key: null, headers: { 'x-request-id': 'well' } })
    expect(await lineOf('well')).toMatchObject({ level: 20, route: '/openapi.json', status: 200 })
  })

  it('holds no text of the caller that is not an id', async () => {
    const answer = await api.request('GET', '/openapi.json', {
      key: null,
      headers: { 'x-request-id': '","level":60,"x":"' },
    })
    const id = String(answer.headers['x-request-id'])
    expect(id).toMatch(/^req_/)
    expect(await lineOf(id)).not.toHaveProperty('x')
  })
})
