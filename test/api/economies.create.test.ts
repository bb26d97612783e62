import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi, type TestApi, uuidOfWire } from '#test/support/api.ts'

const coin = { name: 'Acme Coin', symbol: 'ACME' }

describe('POST /v3/economies', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await startApi()
  })
  afterAll(() => api.close())

  const create = (body: object, options: { key?: string; once?: string } = {}) =>
    api.request('POST', '/v3/economies', { body: { ...coin, ...body }, ...options })

  describe('202: an economy on its way', () => {
    it('answers at once, with its addresses and what remains to be done', async () => {
      const { status, body } = await create({ metadata: { season: 1 } })
      expect(status).toBe(202)
      expect(body).toMatchObject({
        object: 'economy',
        symbol: 'ACME',
        decimals: 18,
        environment: 'sandbox',
        status: 'deploying',
        initial_grant: '1000000000000000000000000',
        metadata: { season: 1 },
        steps: [
          { name: 'create_contracts', status: 'pending' },
          { name: 'grant_initial_supply', status: 'pending' },
        ],
      })
      expect(body.token_address).toMatch(/^0x[0-9a-f]{40}$/)
    })

    it('has its company, with wallet and account at one address, and an event that starts the deployment', async () => {
      const { body } = await create({ symbol: 'PARTS' })
      const [company] = await api.sql(
        `SELECT u.type, w.custody, octet_length(w.salt) AS salt, w.address = a.address AS same_address, a.kind, a.settled::text
         FROM economy_user u JOIN wallet w ON w.user_id = u.id JOIN account a ON a.id = u.id WHERE u.id = $1`,
        [uuidOfWire(body.company_user_id)],
      )
      expect(company).toEqual({
        type: 'company',
        custody: 'managed',
        salt: 12,
        same_address: true,
        kind: 'wallet',
        settled: '0',
      })
      const events = await api.sql('SELECT topic FROM outbox_event WHERE subject_id = $1', [
        uuidOfWire(body.id),
      ])
      expect(events).toEqual([{ topic: 'economy.created' }])
    })

    it('goes to the lane with the fewest economies, those of other tenants included', async () => {
      await api.sql(
        `INSERT INTO lane (id, chain_id, address, key_jwe) VALUES (gen_random_uuid(), 31002, '0x${'ab'.repeat(20)}', 'x')`,
      )
      const other = await api.createTenant()
      for (let count = 0; count < 6; count += 1) {
        await api.createEconomy({ key: count % 2 === 0 ? api.tenant.key : other.key })
      }
      const loads = await api.sql('SELECT count(*)::int AS load FROM economy GROUP BY lane_id')
      const [low = 0, high = 0] = loads.map((row) => Number(row['load'])).sort((a, b) => a - b)
      expect(high - low).toBeLessThanOrEqual(1)
    })

    it('creates one economy for one idempotency key, however often it is asked', async () => {
      const answers = await Promise.all(
        [1, 2, 3].map(() => create({ symbol: 'ONCE' }, { once: 'economy-once' })),
      )
      expect(answers.some((answer) => answer.status === 202)).toBe(true)
      for (const answer of answers) expect([202, 409]).toContain(answer.status)
      const again = await create({ symbol: 'ONCE' }, { once: 'economy-once' })
      expect(again.status).toBe(202)
      expect(again.headers['idempotency-replayed']).toBe('true')
      expect(await api.sql("SELECT 1 FROM economy WHERE symbol = 'ONCE'")).toHaveLength(1)
    })

    it('takes the whole unit of the smallest and the largest token', async () => {
      expect((await create({ symbol: 'D0', decimals: 0, initial_grant: '0' })).status).toBe(202)
      expect((await create({ symbol: 'MAX', initial_grant: (10n ** 27n).toString() })).status).toBe(202)
    })
  })

  describe('400: a request that is not valid', () => {
    it.each([
      ['/symbol', { symbol: 'acme' }],
      ['/symbol', { symbol: 'A' }],
      ['/decimals', { decimals: 19 }],
      ['/decimals', { decimals: '18' }],
      ['/environment', { environment: 'moon' }],
      ['/initial_grant', { initial_grant: 5 }],
      ['/initial_grant', { initial_grant: '-5' }],
      ['/initial_grant', { initial_grant: (10n ** 27n + 1n).toString() }],
      ['/status', { status: 'active' }],
      ['/metadata/nested', { metadata: { nested: {} } }],
      ['/metadata/long', { metadata: { long: 'x'.repeat(501) } }],
      ['/metadata/constructor', { metadata: { constructor: 'x' } }],
      [
        '/metadata',
        { metadata: Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`k${index}`, 1])) },
      ],
    ])('points at %s', async (pointer, body) => {
      const answer = await create(body)
      expect(answer.status).toBe(400)
      expect(answer.body.errors).toMatchObject([{ pointer }])
    })
  })

  describe('409: the symbol is taken', () => {
    it('keeps symbols unique in a tenant, and only there', async () => {
      await create({ symbol: 'TAKEN' })
      const again = await create({ symbol: 'TAKEN' })
      expect(again.status).toBe(409)
      expect(again.body.code).toBe('economy_symbol_taken')
      const other = await api.createTenant()
      expect((await create({ symbol: 'TAKEN' }, { key: other.key })).status).toBe(202)
    })

    it('is the first result of its idempotency key, also after the symbol became free', async () => {
      await create({ symbol: 'REFUSE' })
      const first = await create({ symbol: 'REFUSE' }, { once: 'refused-once' })
      const second = await create({ symbol: 'REFUSE' }, { once: 'refused-once' })
      expect(second.status).toBe(409)
      expect(second.body).toEqual(first.body)
      expect(second.headers['content-type']).toContain('application/problem+json')
      expect(second.headers['idempotency-replayed']).toBe('true')
    })
  })

  it('422: tells that production comes with stake and mint', async () => {
    const answer = await create({ environment: 'production' })
    expect(answer.status).toBe(422)
    expect(answer.body.code).toBe('production_not_available')
  })

  it('503: cannot place an economy without a chain, and does not keep that as a result', async () => {
    await api.sql("UPDATE lane SET status = 'paused'")
    const refused = await create({ symbol: 'LATER' }, { once: 'later' })
    expect(refused.status).toBe(503)
    expect(refused.body).toMatchObject({ code: 'no_chain_available', retryable: true })
    expect(refused.headers['retry-after']).toBeDefined()
    await api.sql("UPDATE lane SET status = 'active'")
    expect((await create({ symbol: 'LATER' }, { once: 'later' })).status).toBe(202)
  })
})
