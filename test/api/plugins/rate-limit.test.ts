import { Redis } from 'ioredis'
import { afterEach, describe, expect, it } from 'vitest'
import { startApi, type TestApi } from '#test/support/api.ts'
import { createTestRedis } from '#test/support/stack.ts'

describe('rate limit', () => {
  const apis: TestApi[] = []
  const clients: Redis[] = []
  const start = async (redis?: Redis) => {
    const api = await startApi({
      env: { RATE_LIMIT_PER_MINUTE: '3' },
      ...(redis && { deps: () => ({ redis }) }),
    })
    apis.push(api)
    return api
  }
  const connect = async () => {
    const redis = new Redis((await createTestRedis()).url, {
      maxRetriesPerRequest: 1,
      enableOfflineQueue: false,
    })
    redis.on('error', () => {})
    clients.push(redis)
    await new Promise((resolve) => redis.once('ready', resolve))
    return redis
  }
  afterEach(async () => {
    for (const api of apis.splice(0)) await api.close()
    for (const client of clients.splice(0)) client.disconnect()
  })

  it('429: counts per key, tells where it stands and when to go on', async () => {
    const api = await start()
    const answers = []
    for (let count = 0; count < 4; count += 1) answers.push(await api.request('GET', '/v3/tenant'))
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 429])
    expect(answers[0]?.headers['ratelimit-policy']).toBe('"key";q=3;w=60')
    expect(answers[0]?.headers['ratelimit']).toMatch(/^"key";r=2;t=60$/)
    const refused = answers[3]
    expect(refused?.headers['ratelimit']).toMatch(/^"key";r=0;t=\d+$/)
    expect(Number(refused?.headers['retry-after'])).toBeGreaterThan(0)
    expect(refused?.body).toMatchObject({ code: 'rate_limited', retryable: true })
  })

  it('429: counts failed attempts per address', async () => {
    const api = await start()
    const attempt = (ip: string) => api.request('GET', '/v3/tenant', { key: null, ip })
    for (let count = 0; count < 3; count += 1) expect((await attempt('192.0.2.1')).status).toBe(401)
    expect((await attempt('192.0.2.1')).status).toBe(429)
    expect((await attempt('192.0.2.2')).status).toBe(401)
    expect((await api.request('GET', '/v3/tenant', { ip: '192.0.2.1' })).status).toBe(200)
  })

  it('shares the count between processes through Redis', async () => {
    const redis = await connect()
    const [first, second] = [await start(redis), await start(redis)]
    const attempt = (api: TestApi) => api.request('GET', '/v3/tenant', { key: null, ip: '192.0.2.9' })
    expect([(await attempt(first)).status, (await attempt(second)).status]).toEqual([401, 401])
    expect((await attempt(first)).headers['ratelimit']).toMatch(/r=0/)
    expect((await attempt(second)).status).toBe(429)
  })

  it('goes on counting here when Redis goes away, without failing a request', async () => {
    const redis = await connect()
    const api = await start(redis)
    expect((await api.request('GET', '/v3/tenant')).status).toBe(200)
    redis.disconnect()
    const statuses = []
    for (let count = 0; count < 4; count += 1) statuses.push((await api.request('GET', '/v3/tenant')).status)
    expect(statuses).toEqual([200, 200, 200, 429])
  })

  it('does not wait for a Redis that answers nothing', async () => {
    const redis = await connect()
    const api = await start(redis)
    await redis.client('PAUSE', 2_000, 'ALL')
    const startedAt = performance.now()
    expect((await api.request('GET', '/v3/tenant')).status).toBe(200)
    expect((await api.request('GET', '/v3/tenant')).status).toBe(200)
    expect(performance.now() - startedAt).toBeLessThan(1_000)
  })

  it('does not count health checks', async () => {
    const api = await start()
    for (let count = 0; count < 6; count += 1)
      expect((await api.request('GET', '/livez', { key: null })).status).toBe(200)
  })
})
