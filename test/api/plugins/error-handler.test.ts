import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toDomainError } from '#apps/api/plugins/error-handler.ts'
import { startApi, type TestApi } from '#test/support/api.ts'
import { testStack } from '#test/support/stack.ts'

describe('errors', () => {
  let api: TestApi
  let broken: Error | null = null
  beforeAll(async () => {
    api = await startApi({
      env: { BODY_LIMIT_BYTES: '2048' },
      deps: ({ unitOfWork }) => ({
        unitOfWork: (tenantId, work) => (broken ? Promise.reject(broken) : unitOfWork(tenantId, work)),
      }),
    })
  })
  afterAll(() => api.close())

  const post = (payload: string, type = 'application/json') =>
    api.request('POST', '/v3/members', { body: payload, headers: { 'content-type': type } })

  it('400: says that JSON is not JSON', async () => {
    const answer = await post('{"email": ')
    expect(answer.status).toBe(400)
    expect(answer.body).toMatchObject({
      code: 'invalid_request',
      errors: [{ pointer: '', detail: 'is not valid JSON' }],
    })
  })

  it('400: takes an absent body for what it is', async () => {
    expect((await post('')).status).toBe(400)
    expect((await api.request('POST', '/v3/members')).status).toBe(400)
  })

  it.each(['{"__proto__": {"role": "owner"}}', '{"constructor": {"prototype": {"x": 1}}}'])(
    '400: refuses %s',
    async (text) => {
      const answer = await post(text)
      expect(answer.status).toBe(400)
      expect(answer.body.errors[0].detail).toContain('not allowed')
    },
  )

  it.each([
    ['U+0000', '{"email": "a@example.com", "name": "a\\u0000b", "role": "viewer"}', '/name'],
    ['half a surrogate pair', '{"name": "\\uD800", "role": "viewer"}', '/name'],
    ['such a name of a field', '{"name": {"\\u0000": 1}}', '/name'],
  ])('400: refuses %s, which no database keeps, and points at it', async (_what, text, pointer) => {
    const { status, body } = await post(text)
    expect({ status, errors: body.errors }).toEqual({
      status: 400,
      errors: [{ pointer, detail: expect.stringContaining('cannot be kept') }],
    })
  })

  it('400: takes whole surrogate pairs and an escaped backslash for what they are', async () => {
    const name = String.raw`\uD83D\uDE00 \\u0000`
    const { status, body } = await post(`{"email": "pair@example.com", "name": "${name}", "role": "viewer"}`)
    expect([status, body.name]).toEqual([201, String.raw`😀 \u0000`])
  })

  it('400: refuses U+0000 in a query', async () => {
    const { id: economy } = await api.createEconomy()
    const query = await api.request('GET', '/v3/users?name_prefix=a%00', { economy })
    expect(query).toMatchObject({ status: 400, body: { errors: [{ pointer: '?name_prefix' }] } })
  })

  it.each(['22021', '22P05'])(
    '400: takes the database at its word that a character cannot be kept (%s)',
    (code) => {
      const wrapped = { code: 'P2010', meta: { driverAdapterError: { cause: { originalCode: code } } } }
      for (const fields of [{ code }, wrapped])
        expect(toDomainError(Object.assign(new Error('x'), fields)).code).toBe('invalid_request')
    },
  )

  it('400: bounds the depth of JSON', async () => {
    const nested = (depth: number) => `{"email": ${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`
    expect((await post(nested(21))).body.errors[0].detail).toContain('deeper than 20')
    expect((await post(nested(20))).body.errors[0].pointer).not.toBe('')
    const brackets = { email: '['.repeat(100), name: '"]\\"[', role: 'viewer' }
    expect((await post(JSON.stringify(brackets))).body.errors).toMatchObject([{ pointer: '/email' }])
  })

  it('400: lists a bounded number of wrong fields', async () => {
    const wrong = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`f${index}`, 1]))
    const answer = await post(JSON.stringify(wrong))
    expect(answer.status).toBe(400)
    expect(answer.body.errors).toHaveLength(20)
  })

  it.each(['/v3/users/%zz', '/v3/users/%E0%A4%A', `/v3/users/${'x'.repeat(4_000)}`])(
    '404: has nothing at a path that is none (%#), in the same shape',
    async (url) => {
      const { status, headers, body } = await api.request('GET', url)
      expect([status, body.code, headers['x-request-id']]).toEqual([404, 'route_not_found', body.request_id])
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff' })
    },
  )

  it('404: says that there is no such route, in the same shape', async () => {
    for (const path of ['/', '/v3/nothing', '/v3/tenant/', '/V3/tenant']) {
      const answer = await api.request('GET', path)
      expect(answer.status).toBe(404)
      expect(answer.body).toMatchObject({ code: 'route_not_found', instance: path })
    }
    expect((await api.request('DELETE', '/v3/tenant')).status).toBe(404)
  })

  it('413: refuses a body over the limit, and takes one at it', async () => {
    const member = { email: 'a@example.com', name: 'x', role: 'viewer' }
    const pad = (length: number) => JSON.stringify(member).padEnd(length)
    expect((await post(pad(2_049))).body.code).toBe('body_too_large')
    expect((await post(pad(2_048))).status).toBe(201)
  })

  it.each(['text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'multipart/form-data'])(
    '415: does not speak %s',
    async (type) => {
      const answer = await post('x=1', type)
      expect(answer.status).toBe(415)
      expect(answer.body.code).toBe('media_type_unsupported')
    },
  )

  it('500: tells nothing of what broke but the request’s id', async () => {
    broken = new Error('secret table is missing')
    const answer = await api.request('GET', '/v3/tenant')
    broken = null
    expect(answer.status).toBe(500)
    expect(answer.body).toMatchObject({
      code: 'internal_error',
      retryable: true,
      request_id: answer.headers['x-request-id'],
    })
    expect(JSON.stringify(answer.body)).not.toContain('secret table')
  })

  it.each(['ECONNREFUSED', '40P01', '53300', '57P01', 'P1001', 'P2024', 'P2028', 'P2034'])(
    '503: takes %s for a moment’s trouble',
    async (code) => {
      broken = Object.assign(new Error('no'), { code })
      const answer = await api.request('GET', '/v3/tenant')
      broken = null
      expect(answer.status).toBe(503)
      expect(answer.body).toMatchObject({ code: 'overloaded', retryable: true })
      expect(answer.headers['retry-after']).toBe('1')
    },
  )

  it('echoes a sane request id and replaces any other', async () => {
    const ask = async (id: string) =>
      (await api.request('GET', '/livez', { headers: { 'x-request-id': id } })).headers['x-request-id']
    expect(await ask('order-17:retry.2')).toBe('order-17:retry.2')
    for (const id of ['', 'a b', '<script>', 'x'.repeat(129)])
      expect(await ask(id)).toMatch(/^req_[0-9a-f-]{36}$/)
  })
})

describe('without its database', () => {
  it('503: every route that needs it says so, and recovers by itself', async () => {
    const api = await startApi()
    const admin = new pg.Client({ connectionString: testStack().adminUrl })
    await admin.connect()
    await admin.query(`ALTER DATABASE ${api.database.name} ALLOW_CONNECTIONS false`)
    await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
      api.database.name,
    ])
    const answer = await api.request('GET', '/v3/members')
    expect(answer.status).toBe(503)
    expect(answer.body.code).toBe('overloaded')
    expect((await api.request('GET', '/livez')).status).toBe(200)
    expect((await api.request('GET', '/readyz?for=traffic')).status).toBe(503)
    await admin.query(`ALTER DATABASE ${api.database.name} ALLOW_CONNECTIONS true`)
    await admin.end()
    await expect.poll(async () => (await api.request('GET', '/v3/members')).status).toBe(200)
    await api.close()
  })
})
