import { uuidv7 } from 'uuidv7'
import { describe, expect, it } from 'vitest'
import { TEST_CHAIN, uuidOfWire } from '#test/support/api.ts'
import { itIsGuarded, useEconomyApi } from '#test/support/economy-api.ts'

describe('GET /v3/token', () => {
  const ctx = useEconomyApi()

  describe('200', () => {
    it('shows a new token: addresses, and nothing in circulation', async () => {
      const { status, body } = await ctx.call('GET', '/v3/token')
      expect(status).toBe(200)
      expect(body).toMatchObject({
        object: 'token',
        economy_id: ctx.economyId,
        economy_status: 'active',
        name: 'Acme Coin',
        decimals: 18,
        chain_id: TEST_CHAIN,
        address: expect.stringMatching(/^0x[0-9a-f]{40}$/),
        rules_address: expect.stringMatching(/^0x[0-9a-f]{40}$/),
        supply: '0',
        rates: [],
        company: { user_id: ctx.companyUserId, settled: '0', held: '0', available: '0' },
        last_indexed_block: null,
      })
    })

    it('shows supply, rates, what the company has, and how far the ledger is', async () => {
      const [economy, tenant, company] = [ctx.economyId, ctx.api.tenant.id, ctx.companyUserId].map(uuidOfWire)
      await ctx.api.sql(
        `INSERT INTO account (economy_id, id, tenant_id, kind, address, settled) VALUES ($1, $2, $3, 'issuance', $4, $5)`,
        [economy, uuidv7(), tenant, `0x${'0'.repeat(40)}`, (-(10n ** 24n)).toString()],
      )
      await ctx.api.sql('UPDATE account SET settled = 100 WHERE id = $1', [company])
      await ctx.api.sql('UPDATE wallet SET reserved = 30 WHERE user_id = $1', [company])
      await ctx.api.sql(
        `INSERT INTO chain_cursor (chain_id, block_number, block_hash, head_number, final_number) VALUES ($1, 42, '0x', 43, 40)`,
        [TEST_CHAIN],
      )
      await ctx.create('/v3/price-points', { currency: 'USD', price: '0.25' })
      await ctx.create('/v3/price-points', { currency: 'USD', price: '9', as_of: '2026-01-01T00:00:00Z' })
      expect((await ctx.call('GET', '/v3/token')).body).toMatchObject({
        supply: (10n ** 24n).toString(),
        rates: [{ currency: 'USD', price: '0.25', as_of: expect.any(String) }],
        company: { settled: '100', held: '30', available: '70' },
        last_indexed_block: 42,
      })
    })
  })

  itIsGuarded(ctx, 'GET', '/v3/token', 'token:read')
})
