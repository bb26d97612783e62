import { beforeAll, describe, expect, it } from 'vitest'
import { itIsGuarded, useEconomyApi } from '#test/support/economy-api.ts'

describe('GET /v3/price-points/latest', () => {
  const ctx = useEconomyApi()
  beforeAll(async () => {
    await ctx.create('/v3/price-points', { currency: 'USD', price: '1' })
    await ctx.create('/v3/price-points', { currency: 'USD', price: '2', as_of: '2026-01-01T00:00:00Z' })
    await ctx.create('/v3/price-points', { currency: 'EUR', price: '3', as_of: '2026-01-01T00:00:00Z' })
  })

  describe('200', () => {
    it('shows the price of the latest moment of each currency, and whether it is still used', async () => {
      const { body } = await ctx.call('GET', '/v3/price-points/latest')
      expect(body.data).toMatchObject([
        { currency: 'USD', price: '1', is_stale: false },
        { currency: 'EUR', price: '3', is_stale: true },
      ])
    })

    it('shows nothing of another tenant', async () => {
      expect((await ctx.call('GET', '/v3/price-points/latest', { key: ctx.strangerKey })).body.data).toEqual(
        [],
      )
    })
  })

  itIsGuarded(ctx, 'GET', '/v3/price-points/latest', 'prices:read')
})
