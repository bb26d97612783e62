import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi, type TestApi } from '#test/support/api.ts'

const grace = { email: 'grace@example.com', name: 'Grace', role: 'viewer' }

describe('Idempotency-Key', () => {
  let api: TestApi
  let slow: Promise<void> | null = null
  beforeAll(async () => {
    api = await startApi({
      deps: ({ unitOfWork }) => ({
        unitOfWork: (tenantId, work) =>
          unitOfWork(tenantId, async (tx) => {
            const result = await work(tx)
            await slow
            return result
          }),
      }),
    })
  })
  afterAll(() => api.close())

  const add = (body: object, once: string, key?: string) =>
    api.request('POST', '/v3/members', { body, once, ...(key && { key }) })

  it('replays the first result, byte for byte', async () => {
    const first = await add(grace, 'a')
    const second = await add(grace, 'a')
    expect(first.status).toBe(201)
    expect(first.headers).not.toHaveProperty('idempotency-replayed')
    expect(second.headers['idempotency-replayed']).toBe('true')
    expect([second.status, second.body]).toEqual([first.status, first.body])
  })

  it('does not mind the order of fields', async () => {
    const { email, name, role } = grace
    expect((await add({ role, name, email }, 'a')).headers['idempotency-replayed']).toBe('true')
  })

  it('keeps a tenant’s keys apart from another’s', async () => {
    const other = await api.createTenant()
    const answer = await add(grace, 'a', other.key)
    expect(answer.status).toBe(201)
    expect(answer.headers).not.toHaveProperty('idempotency-replayed')
  })

  it('409: asks to wait while the first request runs, and forgets that it did', async () => {
    let release = () => {}
    slow = new Promise((resolve) => {
      release = resolve
    })
    const first = add({ ...grace, email: 'slow@example.com' }, 'slow')
    await expect
      .poll(async () => (await add({ ...grace, email: 'slow@example.com' }, 'slow')).body.code)
      .toBe('idempotency_key_in_progress')
    slow = null
    release()
    expect((await first).status).toBe(201)
    const third = await add({ ...grace, email: 'slow@example.com' }, 'slow')
    expect(third.body).toEqual((await first).body)
  })

  it('422: names every field that differs, and the path', async () => {
    await add({ ...grace, email: 'x@example.com' }, 'differ')
    const answer = await add({ email: 'x@example.com', name: 'Other', role: 'admin' }, 'differ')
    expect(answer.status).toBe(422)
    expect(answer.body.details.differing.sort()).toEqual(['/name', '/role'])
    expect(answer.body.detail).toContain('/name')
    const elsewhere = await api.request('POST', `/v3/api-keys/${api.tenant.keyId}/rotate`, {
      body: {},
      once: 'differ',
    })
    expect(elsewhere.status).toBe(422)
    expect(elsewhere.body.details.differing).toContain('path')
  })

  it('stores nothing for a request that was not valid', async () => {
    expect((await add({ ...grace, role: 'king' }, 'invalid')).status).toBe(400)
    expect((await add({ ...grace, email: 'valid@example.com' }, 'invalid')).status).toBe(201)
  })

  it('stores a refusal as the first result', async () => {
    const first = await add(grace, 'refused')
    expect(first.status).toBe(409)
    const [owner] = (await api.request('GET', '/v3/members?order=asc')).body.data
    expect(owner.role).toBe('owner')
    const again = await add(grace, 'refused')
    expect(again.body).toEqual(first.body)
    expect(again.headers['idempotency-replayed']).toBe('true')
  })

  it('leaves no record of a request that broke, so that it can be repeated', async () => {
    slow = Promise.reject(new Error('the disk is on fire'))
    slow.catch(() => {})
    const broken = await add({ ...grace, email: 'broken@example.com' }, 'broken')
    slow = null
    expect(broken.status).toBe(500)
    const again = await add({ ...grace, email: 'broken@example.com' }, 'broken')
    expect(again.status).toBe(201)
    expect(again.headers).not.toHaveProperty('idempotency-replayed')
  })

  it('lets any number of the same request at the same time have one effect', async () => {
    const body = { ...grace, email: 'many@example.com' }
    const answers = await Promise.all(Array.from({ length: 12 }, () => add(body, 'many')))
    for (const answer of answers) expect([201, 409]).toContain(answer.status)
    expect(await api.sql("SELECT 1 FROM member WHERE email = 'many@example.com'")).toHaveLength(1)
  })

  it.each(['', 'é', 'x'.repeat(256)])('400: refuses the key %j', async (once) => {
    const answer = await add({ ...grace, email: 'key@example.com' }, once)
    expect(answer.status).toBe(400)
    expect(answer.body.errors).toMatchObject([{ pointer: 'Idempotency-Key' }])
  })
})
