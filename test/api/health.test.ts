import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Redis } from 'ioredis'
import { startApi, TEST_CHAIN, type TestApi } from '#test/support/api.ts'
import { createTestRedis } from '#test/support/stack.ts'

describe('health', () => {
  let api: TestApi
  let redis: Redis
  beforeAll(async () => {
    redis = new Redis((await createTestRedis()).url, { maxRetriesPerRequest: 1, enableOfflineQueue: false })
    redis.on('error', () => {})
    await new Promise((resolve) => redis.once('ready', resolve))
    api = await startApi({ deps: () => ({ redis }) })
  })
  afterAll(async () => {
    await api.close()
    redis.disconnect()
  })

  const ready = async (query = '') => {
    const { status, body } = await api.request('GET', `/readyz${query}`, { key: null })
    return {
      status,
      failed: body.checks
        .filter((c: { status: string }) => c.status !== 'ok')
        .map((c: { name: string }) => c.name),
    }
  }
  const follow = (age: string) =>
    api.sql(
      `INSERT INTO chain_cursor (chain_id, block_number, block_hash, head_number, final_number, updated_at)
       VALUES ($1, 1, '0x', 1, 0, now() - $2::interval)
       ON CONFLICT (chain_id) DO UPDATE SET updated_at = excluded.updated_at`,
      [TEST_CHAIN, age],
    )

  it('GET /livez 200: as long as the process answers', async () => {
    expect(await api.request('GET', '/livez', { key: null })).toMatchObject({
      status: 200,
      body: { status: 'alive' },
    })
  })

  it('GET /readyz 503: names what is not up', async () => {
    expect(await ready()).toEqual({ status: 503, failed: [`chain:${TEST_CHAIN}`] })
    await follow('2 minutes')
    expect(await ready()).toEqual({ status: 503, failed: [`chain:${TEST_CHAIN}`] })
  })

  it('GET /readyz 200: when all is up, and 503 again when a chain is halted', async () => {
    await follow('1 second')
    expect(await ready()).toEqual({ status: 200, failed: [] })
    await api.sql("UPDATE chain SET status = 'halted'")
    expect((await ready()).status).toBe(503)
    await api.sql("UPDATE chain SET status = 'active'")
  })

  it('GET /readyz?for=traffic 200: requests can be served while Redis is away', async () => {
    redis.disconnect()
    expect(await ready()).toEqual({ status: 503, failed: ['redis'] })
    expect(await ready('?for=traffic')).toEqual({ status: 200, failed: ['redis'] })
  })

  it('GET /readyz 400: refuses another question', async () => {
    expect((await api.request('GET', '/readyz?for=fun', { key: null })).status).toBe(400)
  })

  it('GET /metrics 200: measures requests by route, never by id', async () => {
    await api.request('GET', `/v3/members/${api.tenant.ownerId}`)
    const { status, body } = await api.request('GET', '/metrics', { key: null })
    expect(status).toBe(200)
    expect(body).toContain(
      'http_request_duration_seconds_count{method="GET",route="/v3/members/:id",status="200"} 1',
    )
    expect(body).toContain('process_resident_memory_bytes')
    expect(body).not.toContain(api.tenant.ownerId)
  })
})
