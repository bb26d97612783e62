import { randomBytes } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import fastify, { type FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { speakDialect, valuesOf } from '#apps/api/dialects/dialect.ts'
import { ostV1 } from '#apps/api/dialects/ost-v1/dialect.ts'
import { admission } from '#apps/api/plugins/admission.ts'
import { authenticate } from '#apps/api/plugins/authenticate.ts'
import { economy } from '#apps/api/plugins/economy.ts'
import { limits } from '#apps/api/plugins/rate-limit.ts'
import { routeContract } from '#apps/api/plugins/route-contract.ts'
import type { AppDeps } from '#apps/api/deps.ts'
import { startApi, type TestApi, uuidOfWire } from '#test/support/api.ts'
import { type OstKey, type Params, type Sdk, SDKS } from '#test/support/ost-sdk.ts'

/** The parts that all dialects share, with a route that answers what it was given. */
describe('a dialect', () => {
  let api: TestApi
  let app: FastifyInstance
  let economyId: string
  let key: OstKey
  let keyId: string
  beforeAll(async () => {
    api = await startApi()
    economyId = (await api.createEconomy()).id
    app = await serve(api.deps, false)
    const issued = await createKey()
    ;[key, keyId] = [issued, issued.id]
  })
  afterAll(async () => {
    await app.close()
    await api.close()
  })

  async function createKey(body: object = {}): Promise<OstKey & { id: string; bearer: string }> {
    const answer = await api.request('POST', '/v3/api-keys', {
      body: {
        name: 'SDK',
        economy_id: economyId,
        scopes: ['users:read', 'users:write'],
        signing: { algorithm: 'ost-v1' },
        ...body,
      },
    })
    expect(answer.status, JSON.stringify(answer.body)).toBe(201)
    const { id, secret: bearer, signing, signing_secret: secret } = answer.body
    return { id, bearer, key: signing.public_key, secret }
  }

  async function send(request: object, to = app) {
    const response = await to.inject(request)
    return { status: response.statusCode, headers: response.headers, body: response.json() }
  }
  const ask = (
    params: Params = {},
    { sdk = 'js', as = key, at }: { sdk?: Sdk; as?: OstKey; at?: number } = {},
  ) => send(SDKS[sdk](as, 'GET', '/v1.1', '/echo', params, at))
  const post = (params: Params = {}, { sdk = 'js', as = key }: { sdk?: Sdk; as?: OstKey } = {}, to = app) =>
    send(SDKS[sdk](as, 'POST', '/v1.1', '/echo', params), to)

  describe('keys', () => {
    it('have the form that the SDKs know, for either generation', async () => {
      expect(key).toMatchObject({
        key: expect.stringMatching(/^[0-9a-f]{20}$/),
        secret: expect.stringMatching(/^[0-9a-f]{64}$/),
      })
      expect(await createKey({ signing: { algorithm: 'ost-v2' } })).toMatchObject({
        key: expect.stringMatching(/^[a-z0-9]{32}$/),
        secret: expect.stringMatching(/^[0-9a-f]{64}$/),
      })
    })

    it('are of one economy', async () => {
      const answer = await api.request('POST', '/v3/api-keys', {
        body: { name: 'SDK', scopes: ['users:read'], signing: { algorithm: 'ost-v1' } },
      })
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: '/economy_id' }] } })
    })

    it('take no public key from outside', async () => {
      const answer = await api.request('POST', '/v3/api-keys', {
        body: {
          name: 'SDK',
          economy_id: economyId,
          scopes: ['users:read'],
          signing: { algorithm: 'ost-v1', public_key: 'ed0787e817d4946c7e76' },
        },
      })
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: '/signing/public_key' }] } })
    })

    it('keep their secret sealed at rest', async () => {
      const rows = await api.sql('SELECT signing_key FROM api_key WHERE dialect_key = $1', [key.key])
      expect(rows).toEqual([{ signing_key: expect.not.stringContaining(key.secret) }])
    })

    it('are shown without their secret', async () => {
      const { body } = await api.request('GET', `/v3/api-keys/${keyId}`)
      expect(body.signing).toEqual({ algorithm: 'ost-v1', public_key: key.key, required: false })
      expect(JSON.stringify(body)).not.toContain(key.secret)
    })

    it('are rotated with an overlap in which both work', async () => {
      const old = await createKey()
      const { body } = await api.request('POST', `/v3/api-keys/${old.id}/rotate`, {
        body: { overlap_seconds: 3_600 },
      })
      const next = { key: body.signing.public_key, secret: body.signing_secret }
      expect(next.key).not.toBe(old.key)
      expect((await ask({}, { as: old })).status).toBe(200)
      expect((await ask({}, { as: next })).status).toBe(200)
    })

    it('stop working when they are revoked, when they end, and from other addresses', async () => {
      const revoked = await createKey()
      await api.request('DELETE', `/v3/api-keys/${revoked.id}`)
      expect((await ask({}, { as: revoked })).status).toBe(401)
      const ended = await createKey()
      await api.sql(`UPDATE api_key SET expires_at = now() - interval '1 second' WHERE id = $1`, [
        uuidOfWire(ended.id),
      ])
      expect((await ask({}, { as: ended })).status).toBe(401)
      const elsewhere = await createKey({ ip_allow_list: ['198.51.100.0/24'] })
      expect((await ask({}, { as: elsewhere })).status).toBe(401)
    })

    it('sign nothing but their own dialect', async () => {
      const other = await createKey({ signing: { algorithm: 'hmac-sha256' } })
      expect((await ask({}, { as: { ...other, key: other.key ?? '' } })).status).toBe(401)
    })

    it('are no bearer tokens where that is forbidden', async () => {
      const strict = await createKey({ signing: { algorithm: 'ost-v1', required: true } })
      expect((await ask({}, { as: strict })).status).toBe(200)
      const { status, body } = await api.request('GET', '/v3/users', { key: strict.bearer })
      expect([status, body.code]).toEqual([401, 'signature_required'])
    })
  })

  describe('signatures', () => {
    it.each(['js', 'java', 'ruby', 'php'] as const)('are taken as the %s SDK makes them', async (sdk) => {
      const params = { name: "Ann's (1st) ~ äöü & co", limit: 10, ids: ['b', 'a', 'c'] }
      const values = { name: params.name, limit: '10', ids: params.ids }
      expect(await ask(params, { sdk })).toMatchObject({
        status: 200,
        body: { success: true, data: { values } },
      })
      expect(await post(params, { sdk })).toMatchObject({ status: 200, body: { data: { values } } })
    })

    it.each([
      ['js', { nothing: '', yes: 'true', no: 'false', blank: '' }],
      ['java', { yes: 'true', no: 'false', blank: '' }],
      ['ruby', { nothing: '', yes: 'true', no: 'false', blank: '' }],
      ['php', { yes: '1', no: '0', blank: '' }],
    ] as const)(
      'are taken of null, booleans and empty text as the %s SDK writes them',
      async (sdk, values) => {
        const params = { nothing: null, yes: true, no: false, blank: '' }
        for (const answer of [await ask(params, { sdk }), await post(params, { sdk })]) {
          expect(answer).toMatchObject({ status: 200, body: { data: { values } } })
          if (!('nothing' in values)) expect(answer.body.data.values).not.toHaveProperty('nothing')
        }
      },
    )

    it.each(['js', 'java', 'ruby', 'php'] as const)('are taken of text of any alphabet: %s', async (sdk) => {
      const params = {
        name: 'Zoë 東京 😀 ЖẞÅ',
        list: ['ü~*', '€ %2F'],
        sign: '~!@#$%^&*()_+-= {}[]:";\'?/<>,.',
      }
      expect(await ask(params, { sdk })).toMatchObject({ status: 200, body: { data: { values: params } } })
      expect(await post(params, { sdk })).toMatchObject({ status: 200, body: { data: { values: params } } })
    })

    it('are taken of a body in chunks, as the JS SDK sends it', async () => {
      const chunked = await serve(api.deps, false)
      const address = await chunked.listen({ port: 0, host: '127.0.0.1' })
      const { url, headers, payload = '' } = SDKS.js(key, 'POST', '/v1.1', '/echo', { name: 'Alice B' })
      const { status, text } = await inChunks(`${address}${url}`, headers, payload)
      expect([status, JSON.parse(text).data.values.name]).toEqual([200, 'Alice B'])
      await chunked.close()
    })

    it('are lower-case hexadecimal', async () => {
      const { url } = SDKS.js(key, 'GET', '/v1.1', '/echo')
      const upper = url.replace(/[^=]+$/, (signature) => signature.toUpperCase())
      expect(upper).not.toBe(url)
      expect((await send({ method: 'GET', url: upper })).status).toBe(401)
    })

    it('stand in no header', async () => {
      const { url, headers } = SDKS.js(key, 'GET', '/v1.1', '/echo')
      const [path = '', query = ''] = url.split('?')
      const asHeaders = Object.fromEntries(new URLSearchParams(query))
      expect((await send({ method: 'GET', url: path, headers: { ...headers, ...asHeaders } })).status).toBe(
        401,
      )
    })

    it('cover the slash at the end of the path, which may be there or not', async () => {
      const signed = SDKS.js(key, 'GET', '/v1.1', '/echo')
      expect((await send(signed)).status).toBe(200)
      expect((await send({ ...signed, url: signed.url.replace('/echo/', '/echo') })).status).toBe(401)
    })

    it('cover every parameter', async () => {
      const signed = SDKS.js(key, 'POST', '/v1.1', '/echo', { amount: '1' })
      const changed = { ...signed, payload: signed.payload?.replace('amount=1', 'amount=2') }
      expect((await send(changed)).status).toBe(401)
      expect((await send({ ...signed, payload: `${signed.payload}&more=1` })).status).toBe(401)
      expect((await send({ ...signed, payload: `more=1&${signed.payload}` })).status).toBe(401)
    })

    it('of a POST do not cover its query, which therefore means nothing', async () => {
      const signed = SDKS.js(key, 'POST', '/v1.1', '/echo', { amount: '1' })
      const { body } = await send({ ...signed, url: `${signed.url}?amount=2&more=3` })
      expect(body.data.values.amount).toBe('1')
      expect(body.data.values).not.toHaveProperty('more')
    })

    it.each([
      ['10 seconds old', -10, 200],
      ['12 seconds old', -12, 401],
      ['5 minutes ahead', 295, 200],
      ['6 minutes ahead', 360, 401],
    ])('%s: %i s → %i', async (_name, seconds, status) => {
      expect((await ask({}, { at: Math.floor(Date.now() / 1_000) + seconds })).status).toBe(status)
    })

    it('are answered alike, whatever is wrong with them', async () => {
      const now = Math.floor(Date.now() / 1_000)
      const unknown = { key: randomBytes(10).toString('hex'), secret: key.secret }
      const answers = [
        await ask({}, { as: { ...key, secret: 'wrong' } }),
        await ask({}, { as: unknown }),
        await ask({}, { as: { ...key, key: 'malformed' } }),
        await ask({}, { at: now - 60 }),
        await send({ method: 'GET', url: '/v1.1/echo' }),
        await send({ method: 'GET', url: `/v1.1/echo?api_key=${key.key}&request_timestamp=${now}` }),
        await send({
          method: 'GET',
          url: `/v1.1/echo?api_key=${key.key}&request_timestamp=${now}&signature=zz`,
        }),
        await send({
          method: 'GET',
          url: `/v1.1/echo?api_key=${key.key}&api_key=${key.key}&request_timestamp=${now}&signature=${'0'.repeat(64)}`,
        }),
        await send({ method: 'POST', url: '/v1.1/echo' }),
      ]
      for (const { status, body } of answers)
        expect({ status, body }).toEqual({
          status: 401,
          body: {
            success: false,
            err: {
              code: 'UNAUTHORIZED',
              msg: 'We could not authenticate the request. Please review your credentials and authentication method.',
              error_data: [],
              internal_id: 'a_1',
            },
          },
        })
    })

    it('may come twice, because two equal requests in one second look alike', async () => {
      const signed = SDKS.js(key, 'POST', '/v1.1', '/echo', { amount: '1' })
      expect([(await send(signed)).status, (await send(signed)).status]).toEqual([200, 200])
    })

    it('of a POST are taken once where the installation says so', async () => {
      const strict = await serve(api.deps, true)
      const signed = SDKS.js(key, 'POST', '/v1.1', '/echo', { amount: '1' })
      expect([(await send(signed, strict)).status, (await send(signed, strict)).status]).toEqual([200, 401])
      const read = SDKS.js(key, 'GET', '/v1.1', '/echo')
      expect([(await send(read, strict)).status, (await send(read, strict)).status]).toEqual([200, 200])
      await strict.close()
    })
  })

  describe('the envelope', () => {
    const codeOf = ({ status, body }: { status: number; body: { err: object } }) => {
      expect(Object.keys(body)).toEqual(['success', 'err'])
      expect(Object.keys(body.err).toSorted()).toEqual(['code', 'error_data', 'internal_id', 'msg'])
      return { status, code: (body.err as { code: string }).code }
    }

    it('is JSON', async () => {
      for (const { headers } of [await ask(), await send({ method: 'GET', url: '/v1.1/nothing' })])
        expect(headers['content-type']).toMatch(/^application\/json/)
    })

    it('says at the top what the original said', async () => {
      const msg = ({ body }: Awaited<ReturnType<typeof send>>) => body.err.msg
      expect(msg(await send({ method: 'GET', url: '/v1.1/echo?name=%00' }))).toBe(
        'At least one parameter is invalid or missing. See "err.error_data" array for more details.',
      )
      expect(msg(await send({ method: 'GET', url: '/v1.1/nothing' }))).toBe(
        'The requested resource could not be located.',
      )
      expect(msg(await ask({ fault: 'bug' }))).toBe('Something went wrong.')
      expect(msg(await ask({ fault: 'outage' }))).toBe('')
    })

    it.each(['PUT', 'PATCH', 'DELETE'])('404: %s, which nothing here is asked by', async (method) => {
      expect(codeOf(await send({ method, url: '/v1.1/echo' }))).toEqual({ status: 404, code: 'NOT_FOUND' })
    })

    it('404: an unknown route', async () => {
      expect(codeOf(await send({ method: 'GET', url: '/v1.1/nothing' }))).toEqual({
        status: 404,
        code: 'NOT_FOUND',
      })
    })

    it('403: a key without the scope', async () => {
      const reader = await createKey({ scopes: ['users:read'] })
      expect(codeOf(await post({}, { as: reader }))).toEqual({ status: 403, code: 'REQUEST_FORBIDDEN' })
    })

    it('413: too large a body', async () => {
      expect(codeOf(await post({ name: 'x'.repeat(300_000) }))).toEqual({ status: 413, code: 'BAD_REQUEST' })
    })

    it('415: another media type than a form', async () => {
      const json = {
        method: 'POST',
        url: '/v1.1/echo',
        headers: { 'content-type': 'application/json' },
        payload: '{}',
      }
      expect(codeOf(await send(json))).toEqual({ status: 415, code: 'BAD_REQUEST' })
    })

    it('429: too many requests, and too many attempts without a key', async () => {
      const config = { ...api.deps.config, api: { ...api.deps.config.api, rateLimitPerMinute: 2 } }
      const limited = await serve({ ...api.deps, config }, false)
      const wrong = SDKS.js({ ...key, secret: 'wrong' }, 'GET', '/v1.1', '/echo')
      for (const request of [SDKS.js(key, 'GET', '/v1.1', '/echo'), wrong]) {
        await send(request, limited)
        await send(request, limited)
        expect(codeOf(await send(request, limited))).toEqual({ status: 429, code: 'TOO_MANY_REQUESTS' })
      }
      await limited.close()
    })

    it.each([
      ['bug', 500, 'INTERNAL_SERVER_ERROR'],
      ['outage', 503, 'SERVICE_UNAVAILABLE'],
    ])('tells of a %s with %i and nothing of its cause', async (fault, status, code) => {
      const answer = await ask({ fault })
      expect(codeOf(answer)).toEqual({ status, code })
      expect(JSON.stringify(answer.body)).not.toContain('secret cause')
    })
  })
})

/** A POST whose head does not say how long its body is. */
function inChunks(url: string, headers: Record<string, string>, body: string) {
  const options = { method: 'POST', headers: { ...headers, 'transfer-encoding': 'chunked' } }
  return new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const request = httpRequest(url, options, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode, text })).on('error', reject)
    })
    request.on('error', reject).end(body)
  })
}

async function serve(deps: AppDeps, refusesRepeats: boolean): Promise<FastifyInstance> {
  const app = fastify()
  await app.register(routeContract)
  await app.register(authenticate, deps)
  await app.register(economy, deps)
  await app.register(limits, deps)
  await app.register(admission)
  await app.register(
    async (scope) => {
      const router = speakDialect(scope, ostV1(refusesRepeats), deps)
      router.get('/echo', 'users:read', async (request) => {
        const { fault } = valuesOf(request)
        if (fault === 'bug') throw new Error('secret cause')
        if (fault === 'outage') throw Object.assign(new Error('secret cause'), { code: 'ECONNREFUSED' })
        return { values: valuesOf(request) }
      })
      router.post('/echo', 'users:write', async (request) => ({ values: valuesOf(request) }))
    },
    { prefix: '/v1.1' },
  )
  return app
}
