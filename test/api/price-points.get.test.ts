import { beforeAll, describe, expect, it } from 'vitest'
import { itHidesFromStrangers, itIsGuarded, useEconomyApi } from '#test/support/economy-api.ts'

describe('GET /v3/price-points/{id}', () => {
  const ctx = useEconomyApi()
  let id: string
  beforeAll(async () => {
    id = (await ctx.create('/v3/price-points', { currency: 'USD', price: '1' })).id
  })
  const url = (point: string) => `/v3/price-points/${point}`

  it('200: shows the point', async () => {
    expect(await ctx.call('GET', url(id))).toMatchObject({ status: 200, body: { id, price: '1' } })
  })

  const unknown = 'prc_01jc0000000000000000000000'
  itHidesFromStrangers(ctx, 'GET', url, { own: () => id, unknown }, 'price_point_not_found')
  itIsGuarded(ctx, 'GET', () => url(id), 'prices:read')
})
