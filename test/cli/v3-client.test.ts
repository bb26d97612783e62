import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ApiRefusal, ApiUnreachable } from '#apps/cli/errors.ts'
import type { RetryReason } from '#apps/cli/call.ts'
import { createV3Client, type V3Client } from '#apps/cli/v3-client.ts'
import { type HttpStub, problem, startHttpStub } from './http-stub.ts'

let stub: HttpStub
let client: V3Client
const retries: RetryReason[] = []

beforeAll(async () => {
  stub = await startHttpStub()
  const { url } = stub
  client = createV3Client({
    url,
    key: 'ost_test_1',
    patienceMs: 3_000,
    onRetry: (reason) => retries.push(reason),
  })
})
afterAll(async () => {
  await client.close()
  await stub.close()
})

describe('a request of the client', () => {
  it('carries the key, the economy, the idempotency key and the wish to wait', async () => {
    stub.answer({ status: 202, body: { id: 'txn_1' }, headers: { 'idempotency-replayed': 'true' } })
    const answer = await client.with({ economyId: 'eco_1' }).request<{ id: string }>({
      method: 'POST',
      path: '/v3/transactions',
      query: { limit: 5, cursor: undefined },
      body: { type: 'tip' },
      idempotencyKey: 'key-1',
      waitSeconds: 5,
    })
    expect(answer).toMatchObject({ status: 202, body: { id: 'txn_1' }, isReplayed: true, attempts: 1 })
    expect(stub.requests).toMatchObject([
      {
        method: 'POST',
        path: '/v3/transactions?limit=5',
        body: { type: 'tip' },
        headers: {
          authorization: 'Bearer ost_test_1',
          'ost-economy': 'eco_1',
          'idempotency-key': 'key-1',
          prefer: 'wait=5',
        },
      },
    ])
  })

  it('finds an API that is not at the root of its host', async () => {
    stub.answer({ status: 200, body: {} })
    const elsewhere = createV3Client({ url: `${stub.url}/platform/` })
    await elsewhere.get('/v3/token', { limit: 1 })
    await elsewhere.close()
    expect(stub.requests[0]?.path).toBe('/platform/v3/token?limit=1')
  })

  it('is a refusal with the problem in it, and is not repeated', async () => {
    stub.answer(problem(422, 'insufficient_funds'))
    const failure = await client.post('/v3/transactions', {}).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ApiRefusal)
    expect((failure as ApiRefusal).problem).toMatchObject({ status: 422, code: 'insufficient_funds' })
    expect(stub.requests).toHaveLength(1)
  })

  it('is a refusal in words where something else than the API answers', async () => {
    stub.answer({ status: 404, body: 'not here' })
    await expect(client.get('/v3/token')).rejects.toThrow('http_404')
  })
})

describe('a request that may be repeated', () => {
  it.each([
    ['429', problem(429, 'rate_limited'), 'rate_limited'],
    ['503', problem(503, 'overloaded'), 'overloaded'],
    ['500', problem(500, 'internal_error'), 'server_error'],
    ['a first request that still runs', problem(409, 'idempotency_key_in_progress'), 'in_progress'],
    ['a connection that was cut', 'cut', 'network'],
  ] as const)('is sent again with the same idempotency key after %s', async (_name, first, reason) => {
    retries.length = 0
    stub.answer(first, { status: 202, body: { id: 'txn_1' } })
    const answer = await client.request({
      method: 'POST',
      path: '/v3/transactions',
      body: { a: 1 },
      idempotencyKey: 'same',
    })
    expect(answer.attempts).toBe(2)
    expect(retries).toEqual([reason])
    const [one, two] = stub.requests
    expect(two).toMatchObject({ body: one?.body, headers: { 'idempotency-key': 'same' } })
  })

  it('waits as long as Retry-After says', async () => {
    stub.answer({ status: 429, body: {}, headers: { 'retry-after': '1' } }, { status: 200, body: {} })
    const startedAt = performance.now()
    await client.get('/v3/token')
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(990)
  })

  it('does not wait for what takes longer than its patience', async () => {
    stub.answer({ ...Object(problem(429, 'rate_limited')), headers: { 'retry-after': '60' } })
    const startedAt = performance.now()
    await expect(client.get('/v3/token')).rejects.toThrow('rate_limited')
    expect(performance.now() - startedAt).toBeLessThan(1_000)
  })

  it('does not go on for ever where something inside the platform stays broken', async () => {
    stub.answer(problem(500, 'internal_error'))
    await expect(client.get('/v3/token')).rejects.toThrow('internal_error')
    expect(stub.requests).toHaveLength(5)
  })

  it('gives up its first connection when told to, and asks again', async () => {
    stub.answer({ status: 200, body: {}, delayMs: 500 }, { status: 200, body: { second: true } })
    const answer = await client.request({ method: 'GET', path: '/v3/token', giveUpFirstAfterMs: 20 })
    expect(answer).toMatchObject({ attempts: 2, body: { second: true } })
  })

  it('gives every POST an idempotency key of its own', async () => {
    stub.answer({ status: 200, body: {} })
    await client.post('/v3/users', {})
    await client.post('/v3/users', {})
    const keys = stub.requests.map(({ headers }) => headers['idempotency-key'])
    expect(new Set(keys).size).toBe(2)
    expect(keys.every((key) => typeof key === 'string' && key.length >= 32)).toBe(true)
  })

  it('never repeats a POST without a key', async () => {
    stub.answer('cut')
    await expect(client.request({ method: 'POST', path: '/v3/x', body: {} })).rejects.toThrow(ApiUnreachable)
    expect(stub.requests).toHaveLength(1)
  })
})

describe('a list', () => {
  it('is read page by page, no further than asked', async () => {
    const page = (from: number, next: string | null) => ({
      status: 200,
      body: { data: Array.from({ length: 100 }, (_, index) => from + index), next_cursor: next },
    })
    stub.answer(page(0, 'c1'), page(100, 'c2'), page(200, null))
    const all: number[] = []
    for await (const row of client.rows<number>('/v3/users')) all.push(row)
    expect(all).toEqual(Array.from({ length: 300 }, (_, index) => index))
    expect(stub.requests[1]?.path).toBe('/v3/users?limit=100&cursor=c1')

    stub.answer({ status: 200, body: { data: [1, 2, 3], next_cursor: 'more' } })
    const some: number[] = []
    for await (const row of client.rows<number>('/v3/users', {}, 3)) some.push(row)
    expect(some).toHaveLength(3)
    expect(stub.requests.map(({ path }) => path)).toEqual(['/v3/users?limit=3'])
  })
})
