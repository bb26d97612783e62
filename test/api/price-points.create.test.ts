import { describe, expect, it } from 'vitest'
import { uuidOfWire } from '#test/support/api.ts'
import { itIsGuarded, useEconomyApi } from '#test/support/economy-api.ts'

describe('POST /v3/price-points', () => {
  const ctx = useEconomyApi()
  const create = (body: unknown, once?: string) =>
    ctx.call('POST', '/v3/price-points', { body, ...(once !== undefined && { once }) })

  describe('201', () => {
    it('records a price exactly, of now', async () => {
      const { status, body } = await create({ currency: 'USD', price: '0.123456789012345678' })
      expect(status).toBe(201)
      expect(body).toMatchObject({
        object: 'price_point',
        currency: 'USD',
        price: '0.123456789012345678',
        source: 'admin',
        as_of: body.created_at,
      })
      expect((await ctx.call('GET', `/v3/price-points/${body.id}`)).body).toEqual(body)
    })

    it('drops superfluous zeros', async () => {
      expect((await create({ currency: 'EUR', price: '2.500' })).body.price).toBe('2.5')
    })

    it('records a price of the past', async () => {
      const as_of = '2026-01-01T00:00:00.000Z'
      expect((await create({ currency: 'GBP', price: '1', as_of })).body.as_of).toBe(as_of)
    })

    it('raises the configuration version, tells of it and writes the audit log', async () => {
      const before = Number(await ctx.configVersion())
      const { body } = await create({ currency: 'USD', price: '1' })
      expect(await ctx.configVersion()).toBe(before + 1)
      expect(await ctx.topicsOf(body.id)).toEqual(['price_point.created'])
      expect(await ctx.actsOn(body.id)).toEqual(['price_point.created'])
    })

    it('is what the next transaction is converted at', async () => {
      const type = { name: 'reward', kind: 'company_to_user', currency: 'GBP', amount: '3' }
      await ctx.create('/v3/transaction-types', type)
      await ctx.api.sql(`UPDATE account SET settled = 10::numeric ^ 24 WHERE id = $1`, [
        uuidOfWire(ctx.companyUserId),
      ])
      const user = await ctx.create('/v3/users', {})
      const pay = (once: string) =>
        ctx.call('POST', '/v3/transactions', { body: { type: 'reward', to_user_id: user.id }, once })
      expect(await pay('gbp-1')).toMatchObject({ status: 422, body: { code: 'price_stale' } })
      await create({ currency: 'GBP', price: '1.5' })
      expect(await pay('gbp-2')).toMatchObject({
        status: 202,
        body: { amount: '2000000000000000000', amount_fiat: '3', price: '1.5' },
      })
    })

    it('repeats its first answer under the same idempotency key', async () => {
      const first = await create({ currency: 'USD', price: '7' }, 'once-1')
      expect((await create({ currency: 'USD', price: '7' }, 'once-1')).body).toEqual(first.body)
    })
  })

  describe('400', () => {
    const future = new Date(Date.now() + 3_600_000).toISOString()
    it.each([
      ['/price', { price: '0' }],
      ['/price', { price: '0.000' }],
      ['/price', { price: '-1' }],
      ['/price', { price: '1e3' }],
      ['/price', { price: '0.1234567890123456789' }],
      ['/price', { price: '123456789012345678901' }],
      ['/price', { price: 1.5 }],
      ['/currency', { currency: 'JPY' }],
      ['/as_of', { as_of: 'yesterday' }],
      ['/as_of', { as_of: future }],
    ])('points at %s', async (pointer, change) => {
      const { status, body } = await create({ currency: 'USD', price: '1', ...change })
      expect(status).toBe(400)
      expect(body.errors.map((error: { pointer: string }) => error.pointer)).toEqual([pointer])
    })
  })

  describe('what a conversion refuses besides an old price', () => {
    const pay = (type: string, to_user_id: string) =>
      ctx.call('POST', '/v3/transactions', { body: { type, to_user_id }, once: `pay-${type}` })

    it('422 price_deviates: the price of a feed jumped, and nothing has confirmed it', async () => {
      const type = { name: 'jumped', kind: 'company_to_user', currency: 'EUR', amount: '3' }
      await ctx.create('/v3/transaction-types', type)
      const user = await ctx.create('/v3/users', {})
      await insertPoint(
        `'EUR', 5, 'feed', now() + interval '1 second', true, NULL, NULL, NULL, NULL, NULL, NULL`,
      )
      expect(await pay('jumped', user.id)).toMatchObject({
        status: 422,
        body: { code: 'price_deviates', details: { currency: 'EUR', price: '5' } },
      })
      const latest = await ctx.call('GET', '/v3/price-points/latest')
      const eur = latest.body.data.find((point: { currency: string }) => point.currency === 'EUR')
      expect(eur).toMatchObject({ source: 'feed', deviates: true, value_price: null, block_number: null })
    })
  })

  describe('409', () => {
    it('leaves to the chain what the chain gives, and shows where it comes from', async () => {
      await insertPoint(
        `'GBP', 0.0005, 'chain', now(), false, 0.05, 100, 0, now() + interval '1 hour', 42, '0x${'ab'.repeat(32)}'`,
      )
      const { status, body } = await create({ currency: 'GBP', price: '1' })
      expect({ status, code: body.code }).toEqual({ status: 409, code: 'price_from_chain' })
      const latest = await ctx.call('GET', '/v3/price-points/latest')
      const gbp = latest.body.data.find((point: { currency: string }) => point.currency === 'GBP')
      expect(gbp).toMatchObject({
        source: 'chain',
        price: '0.0005',
        value_price: '0.05',
        usable_until: expect.any(String),
        block_number: 42,
        block_hash: `0x${'ab'.repeat(32)}`,
        is_stale: false,
      })
    })
  })

  /** As the worker records it. */
  async function insertPoint(values: string) {
    const id = uuidOfWire(ctx.economyId)
    await ctx.api.sql(
      `INSERT INTO price_point (economy_id, id, tenant_id, currency, price, source, as_of, deviates, value_price, rate, rate_decimals,
                                usable_until, block_number, block_hash)
       SELECT id, gen_random_uuid(), tenant_id, ${values} FROM economy WHERE id = $1`,
      [id],
    )
    await ctx.api.sql('UPDATE economy SET config_version = config_version + 1 WHERE id = $1', [id])
  }

  itIsGuarded(ctx, 'POST', '/v3/price-points', 'prices:write', { currency: 'USD', price: '1' })
})
