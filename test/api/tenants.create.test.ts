import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OPERATOR_KEY, startApi, type TestApi, uuidOfWire } from '#test/support/api.ts'

const body = { name: 'Acme Games', owner: { email: 'Ada@Example.com', name: 'Ada' } }

describe('POST /v3/tenants', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await startApi()
  })
  afterAll(() => api.close())

  describe('201: a tenant, its owner and its first key', () => {
    it('lets the operator create one, whose key works at once', async () => {
      const created = await api.request('POST', '/v3/tenants', { key: OPERATOR_KEY, body })
      expect(created.status).toBe(201)
      expect(created.body).toMatchObject({
        object: 'tenant',
        name: 'Acme Games',
        owner: { object: 'member', role: 'owner' },
        api_key: { object: 'api_key', economy_id: null, environment: 'sandbox', status: 'active' },
      })
      const own = await api.request('GET', '/v3/tenant', { key: created.body.api_key.secret })
      expect(own.body.id).toBe(created.body.id)
    })

    it('lets anyone create one where sign-up is open', async () => {
      const { status } = await api.request('POST', '/v3/tenants', { key: null, body })
      expect(status).toBe(201)
    })

    it('keeps a hash of the secret and nothing that leads to it', async () => {
      const { body: created } = await api.request('POST', '/v3/tenants', {
        key: OPERATOR_KEY,
        body,
        once: randomUUID(),
      })
      const secret = created.api_key.secret.split('_')[3]
      const rows = await api.sql(
        `SELECT row_to_json(k)::text AS text FROM api_key k WHERE tenant_id = $1
         UNION ALL SELECT row_to_json(i)::text FROM idempotency_record i WHERE tenant_id = $1
         UNION ALL SELECT row_to_json(a)::text FROM audit_log a WHERE tenant_id = $1`,
        [uuidOfWire(created.id)],
      )
      expect(rows).toHaveLength(3)
      expect(rows.some((row) => String(row['text']).includes(secret))).toBe(false)
    })

    it('answers a repeated request with the same tenant and the same secret', async () => {
      const once = randomUUID()
      const first = await api.request('POST', '/v3/tenants', { key: OPERATOR_KEY, body, once })
      const second = await api.request('POST', '/v3/tenants', { key: OPERATOR_KEY, body, once })
      expect(second.body).toEqual(first.body)
      expect(second.headers['idempotency-replayed']).toBe('true')
    })

    it('409: has one request of a key at a time', async () => {
      const once = randomUUID()
      const create = () => api.request('POST', '/v3/tenants', { key: OPERATOR_KEY, body, once })
      const answers = await Promise.all(Array.from({ length: 10 }, create))
      const ids = new Set(answers.filter(({ status }) => status === 201).map(({ body: made }) => made.id))
      expect(ids.size).toBe(1)
      const refused = answers.filter(({ status }) => status !== 201)
      expect(refused.length).toBeGreaterThan(0)
      for (const answer of refused)
        expect([answer.status, answer.body.code]).toEqual([409, 'idempotency_key_in_progress'])
    })

    it('keeps the operator and a stranger with the same idempotency key apart', async () => {
      const once = randomUUID()
      const operators = await api.request('POST', '/v3/tenants', { key: OPERATOR_KEY, body, once })
      const strangers = await api.request('POST', '/v3/tenants', { key: null, body, once })
      expect(strangers.status).toBe(201)
      expect(strangers.body.id).not.toBe(operators.body.id)
    })
  })

  describe('400: a request that is not valid', () => {
    it('names every wrong field', async () => {
      const wrong = { name: '', owner: { email: 'nobody', name: 'Ada', role: 'owner' } }
      const answer = await api.request('POST', '/v3/tenants', { key: OPERATOR_KEY, body: wrong })
      expect(answer.status).toBe(400)
      expect(answer.body.code).toBe('invalid_request')
      const pointers = answer.body.errors.map((error: { pointer: string }) => error.pointer)
      expect(pointers.sort()).toEqual(['/name', '/owner/email', '/owner/role'])
    })

    it('refuses a stranger’s idempotency key that could be guessed', async () => {
      const answer = await api.request('POST', '/v3/tenants', { key: null, body, once: '1' })
      expect(answer.status).toBe(400)
      expect(answer.body.errors[0].pointer).toBe('Idempotency-Key')
    })
  })

  describe('401: a wrong operator key', () => {
    it('does not fall back to open sign-up', async () => {
      const answer = await api.request('POST', '/v3/tenants', { key: 'not-the-operator-key', body })
      expect(answer.status).toBe(401)
      expect(answer.body.code).toBe('unauthenticated')
    })

    it('does not take a tenant’s key for the operator’s', async () => {
      const answer = await api.request('POST', '/v3/tenants', { key: api.tenant.key, body })
      expect(answer.status).toBe(401)
    })
  })

  describe('422: an idempotency key of another request', () => {
    it('names the field that differs', async () => {
      const once = randomUUID()
      await api.request('POST', '/v3/tenants', { key: OPERATOR_KEY, body, once })
      const answer = await api.request('POST', '/v3/tenants', {
        key: OPERATOR_KEY,
        body: { ...body, name: 'Other' },
        once,
      })
      expect(answer.status).toBe(422)
      expect(answer.body).toMatchObject({ code: 'idempotency_key_reused', details: { differing: ['/name'] } })
    })
  })
})

describe('POST /v3/tenants with closed sign-up', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await startApi({ env: { OPEN_SIGN_UP: 'false' } })
  })
  afterAll(() => api.close())

  it('403: sends a stranger to the operator', async () => {
    const answer = await api.request('POST', '/v3/tenants', { key: null, body })
    expect(answer.status).toBe(403)
    expect(answer.body.code).toBe('sign_up_closed')
  })
})
