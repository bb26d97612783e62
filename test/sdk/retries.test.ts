import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  ApiError,
  ConnectionFailed,
  InsufficientFunds,
  InvalidRequest,
  Ost,
  RequestTimedOut,
  type RetryNotice,
} from '#sdk'
import { collect } from '#test/e2e/partner.ts'
import { type HttpStub, problem, startHttpStub } from '#test/cli/http-stub.ts'

const TIP = { type: 'tip', amount: 5n }
const ok = { status: 202, body: { id: 'txn_1' } }

let stub: HttpStub
let ost: Ost
const notices: RetryNotice[] = []
beforeAll(async () => {
  stub = await startHttpStub()
  ost = new Ost({ baseUrl: `${stub.url}/`, apiKey: 'ost_test_1', onRetry: (notice) => notices.push(notice) })
})
beforeEach(() => void notices.splice(0))
afterAll(() => stub.close())

const failureOf = (asking: PromiseLike<unknown>) =>
  Promise.resolve(asking).then(
    () => undefined,
    (error: unknown) => error,
  )

describe('a request', () => {
  it('carries the key, the economy, a wish to wait, amounts as decimals, and a key of its own', async () => {
    stub.answer(ok)
    await ost.transactions.execute(TIP, { economyId: 'eco_1', waitSeconds: 5 })
    await ost.transactions.execute(TIP)
    expect(stub.requests).toMatchObject([
      {
        method: 'POST',
        path: '/v3/transactions',
        body: { type: 'tip', amount: '5' },
        headers: { authorization: 'Bearer ost_test_1', 'ost-economy': 'eco_1', prefer: 'wait=5' },
      },
      { headers: { 'idempotency-key': expect.stringMatching(/^[0-9a-f]{32}$/) } },
    ])
    const [one, two] = stub.requests.map(({ headers }) => headers['idempotency-key'])
    expect(one).not.toBe(two)
  })

  it('keeps ids and filters apart from the path and the query', async () => {
    stub.answer({ status: 200, body: { data: [], has_more: false, next_cursor: null } })
    await ost.users.get('a/b?c')
    await ost.transactions.list({ metadata: '{"a":"b&c"}', status: 'mined' })
    expect(stub.requests.map(({ path }) => path)).toEqual([
      '/v3/users/a%2Fb%3Fc',
      '/v3/transactions?metadata=%7B%22a%22%3A%22b%26c%22%7D&status=mined',
    ])
  })
})

describe('a refusal', () => {
  it('is of the class of its code, and is not repeated', async () => {
    stub.answer(problem(422, 'insufficient_funds', { details: { available: '0' } }))
    const error = await failureOf(ost.transactions.execute(TIP))
    expect(error).toBeInstanceOf(InsufficientFunds)
    expect(error).toMatchObject({
      name: 'InsufficientFunds',
      status: 422,
      code: 'insufficient_funds',
      requestId: 'req_1',
      details: { available: '0' },
    })
    expect(stub.requests).toHaveLength(1)
  })

  it('names every wrong field', async () => {
    const errors = [{ pointer: '/amount', detail: 'must be a decimal' }]
    stub.answer(problem(400, 'invalid_request', { errors }))
    const error = await failureOf(ost.transactions.execute(TIP))
    expect(error).toBeInstanceOf(InvalidRequest)
    expect(error).toMatchObject({
      fields: errors,
      message: expect.stringContaining('/amount must be a decimal'),
    })
  })

  it('is an ApiError where its code is newer than the SDK, or not the API’s', async () => {
    stub.answer(problem(409, 'brand_new'))
    expect(await failureOf(ost.users.create())).toMatchObject({ name: 'ApiError', code: 'brand_new' })
    stub.answer({ status: 404, body: 'not here' })
    const error = await failureOf(ost.token.get())
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ code: 'http_404', message: expect.stringContaining('not here') })
  })

  it('shows no secret, however it is printed', async () => {
    stub.answer(problem(401, 'unauthenticated'))
    const error = await failureOf(ost.token.get())
    const { inspect } = await import('node:util')
    expect(inspect(error, { depth: 9 }) + inspect(ost, { depth: 9 })).not.toContain('ost_test_1')
  })
})

describe('a request that may be repeated', () => {
  it.each([
    ['429', problem(429, 'rate_limited')],
    ['500', problem(500, 'internal_error')],
    ['503', problem(503, 'overloaded')],
    ['a gateway’s own 502', { status: 502, body: '<html>' }],
    ['a first request that still runs', problem(409, 'idempotency_key_in_progress')],
    ['a connection that was cut', 'cut'],
  ] as const)('is sent again with the same idempotency key after %s', async (_name, first) => {
    stub.answer(first, first, ok)
    expect(await ost.transactions.execute(TIP)).toEqual({ id: 'txn_1' })
    const keys = stub.requests.map(({ headers }) => headers['idempotency-key'])
    expect(keys).toHaveLength(3)
    expect(new Set(keys).size).toBe(1)
    expect(notices.map(({ attempts }) => attempts)).toEqual([1, 2])
  })

  it('takes the caller’s key', async () => {
    stub.answer('cut', ok)
    await ost.transactions.execute(TIP, { idempotencyKey: 'order-7' })
    expect(stub.requests.map(({ headers }) => headers['idempotency-key'])).toEqual(['order-7', 'order-7'])
  })

  it('waits as long as Retry-After says, and longer each time without it, never twice the same', async () => {
    stub.answer({ status: 429, body: {}, headers: { 'retry-after': '1' } }, ok)
    const startedAt = performance.now()
    await ost.token.get()
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(990)

    stub.answer(problem(503, 'overloaded'))
    notices.length = 0
    await failureOf(ost.token.get())
    await failureOf(ost.token.get())
    const waits = notices.map(({ waitMs }) => waitMs)
    for (const [index, wait] of waits.entries()) {
      const full = 250 * 2 ** (index % 4)
      expect(wait).toBeGreaterThanOrEqual(full / 2)
      expect(wait).toBeLessThanOrEqual(full)
    }
    expect(new Set(waits).size).toBe(8)
  })

  it('does not wait for an answer that asks for more patience than a minute', async () => {
    stub.answer({ ...Object(problem(503, 'overloaded')), headers: { 'retry-after': '3600' } })
    expect(await failureOf(ost.token.get())).toMatchObject({ code: 'overloaded', retryAfterMs: 3_600_000 })
    expect(stub.requests).toHaveLength(1)
  })

  it('ends with what happened last, and with the key that makes it safe to go on', async () => {
    stub.answer('cut')
    const error = await failureOf(ost.transactions.execute(TIP, { retriesMax: 1, idempotencyKey: 'order-8' }))
    expect(error).toBeInstanceOf(ConnectionFailed)
    expect(error).toMatchObject({ idempotencyKey: 'order-8', message: expect.stringContaining(stub.url) })
    expect(stub.requests).toHaveLength(2)
  })

  it('has deleted what is gone when it comes back, and only then', async () => {
    stub.answer('cut', problem(404, 'webhook_not_found'))
    expect(await ost.webhooks.delete('whk_1')).toBeUndefined()
    stub.answer(problem(404, 'webhook_not_found'))
    expect(await failureOf(ost.webhooks.delete('whk_1'))).toMatchObject({ code: 'webhook_not_found' })
    stub.answer(problem(429, 'rate_limited'), problem(404, 'webhook_not_found'))
    expect(await failureOf(ost.webhooks.delete('whk_1'))).toMatchObject({ code: 'webhook_not_found' })
  })
})

describe('time', () => {
  it('is up for a try after timeoutMs, and the next try may succeed', async () => {
    stub.answer({ ...ok, delayMs: 2_000 }, ok)
    expect(await ost.transactions.execute(TIP, { timeoutMs: 100 })).toEqual({ id: 'txn_1' })
    stub.answer({ ...ok, delayMs: 2_000 })
    const error = await failureOf(ost.transactions.execute(TIP, { timeoutMs: 100, retriesMax: 0 }))
    expect(error).toBeInstanceOf(RequestTimedOut)
    expect(error).toBeInstanceOf(ConnectionFailed)
  })

  it('leaves a request the seconds that it asked to wait', async () => {
    stub.answer({ ...ok, delayMs: 300 })
    await ost.transactions.execute(TIP, { timeoutMs: 100, waitSeconds: 1, retriesMax: 0 })
  })

  it('ends at once when the caller says so: before, during a try, between tries', async () => {
    const reason = new Error('the user went away')
    stub.answer({ ...ok, delayMs: 5_000 })
    const startedAt = performance.now()
    expect(await failureOf(ost.users.create({}, { signal: AbortSignal.abort(reason) }))).toBe(reason)
    expect(stub.requests).toHaveLength(0)
    const during = new AbortController()
    setTimeout(() => during.abort(reason), 50)
    expect(await failureOf(ost.users.create({}, { signal: during.signal }))).toBe(reason)
    stub.answer({ status: 429, body: {}, headers: { 'retry-after': '30' } })
    const between = new AbortController()
    setTimeout(() => between.abort(reason), 50)
    expect(await failureOf(ost.users.create({}, { signal: between.signal }))).toBe(reason)
    expect(performance.now() - startedAt).toBeLessThan(2_000)
  })
})

describe('a list', () => {
  const page = (data: number[], more: boolean, next: string | null) => ({
    status: 200,
    body: { data, has_more: more, next_cursor: next },
  })

  it('gives every row, and a page where it is awaited', async () => {
    stub.answer(page([1, 2], true, 'c1'), page([], true, 'c2'), page([3], false, 'c3'))
    expect(await collect(ost.users.list({ limit: 2 }))).toEqual([1, 2, 3])
    expect(stub.requests.map(({ path }) => path)).toEqual([
      '/v3/users?limit=2',
      '/v3/users?limit=2&cursor=c1',
      '/v3/users?limit=2&cursor=c2',
    ])
    stub.answer(page([1], true, 'c1'))
    expect(await ost.users.list()).toEqual({ data: [1], has_more: true, next_cursor: 'c1' })
  })

  it('reads no further than is looked at', async () => {
    stub.answer(page([1, 2], true, 'c1'))
    for await (const row of ost.users.list()) if (row) break
    expect(stub.requests).toHaveLength(1)
  })
})

describe('an Ost', () => {
  it('is refused without a place to go, and with two ways to say who asks', () => {
    expect(() => new Ost({ baseUrl: '' })).toThrow('baseUrl')
    const signingKey = { keyId: 'key_1', secret: 's' }
    expect(() => new Ost({ baseUrl: 'http://x', apiKey: 'k', signingKey })).toThrow('one or the other')
  })
})
