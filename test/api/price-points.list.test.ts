import { beforeAll, describe, expect, it } from 'vitest'
import { itIsGuarded, useEconomyApi } from '#test/support/economy-api.ts'

describe('GET /v3/price-points', () => {
  const ctx = useEconomyApi()
  beforeAll(async () => {
    await ctx.create('/v3/price-points', { currency: 'USD', price: '1' })
    await ctx.create('/v3/price-points', { currency: 'EUR', price: '2' })
    await ctx.create('/v3/price-points', { currency: 'USD', price: '3' })
  })
  const found = async (query: string) => {
    const { body } = await ctx.call('GET', `/v3/price-points${query}`)
    return body.data.map((point: { price: string }) => point.price)
  }

  describe('200', () => {
    it.each([
      ['', ['3', '2', '1']],
      ['?order=asc', ['1', '2', '3']],
      ['?currency=USD', ['3', '1']],
      ['?currency=GBP', []],
    ])('finds by %j', async (query, prices) => {
      expect(await found(query)).toEqual(prices)
    })

    it('pages', async () => {
      const { body } = await ctx.call('GET', '/v3/price-points?limit=2')
      expect(await found(`?limit=2&cursor=${body.next_cursor}`)).toEqual(['1'])
    })

    it('shows nothing of another tenant', async () => {
      expect((await ctx.call('GET', '/v3/price-points', { key: ctx.strangerKey })).body.data).toEqual([])
    })
  })

  describe('400', () => {
    it('refuses an unknown currency', async () => {
      expect((await ctx.call('GET', '/v3/price-points?currency=JPY')).status).toBe(400)
    })
  })

  itIsGuarded(ctx, 'GET', '/v3/price-points', 'prices:read')
})
