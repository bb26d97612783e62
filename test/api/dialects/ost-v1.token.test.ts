import { describe, expect, it } from 'vitest'
import { toWire } from '#apps/api/presenters/wire-id.ts'
import { expectGuarded, useOstV1Api } from '#test/support/ost-v1-api.ts'

describe('GET /token of 2018', () => {
  const ctx = useOstV1Api()

  it('answers the token beside its prices', async () => {
    await ctx.api.request('POST', '/v3/price-points', {
      economy: toWire('eco', ctx.economy.economyId),
      body: { currency: 'USD', price: '0.17' },
    })
    const address = expect.stringMatching(/^0x[0-9a-f]{40}$/)
    expect(await ctx.data('GET', '/token')).toEqual({
      result_type: 'token',
      token: {
        company_uuid: ctx.economy.companyId,
        name: 'Fixture',
        symbol: expect.stringMatching(/^F/),
        symbol_icon: null,
        conversion_factor: '1',
        token_erc20_address: address,
        airdrop_contract_address: address,
        simple_stake_contract_address: null,
        total_supply: '11000',
        ost_utility_balance: [['31002', '1']],
      },
      price_points: { OST: { USD: '0.17' } },
    })
  })

  it('is guarded', () => expectGuarded(ctx, 'GET', '/token', 'token:read'))
})
