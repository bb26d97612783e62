import { beforeAll, describe, expect, it } from 'vitest'
import { itIsGuarded, useEconomyApi } from '#test/support/economy-api.ts'

describe('GET /v3/transaction-types', () => {
  const ctx = useEconomyApi()
  beforeAll(async () => {
    await ctx.create('/v3/transaction-types', { name: 'tip', kind: 'user_to_user' })
    await ctx.create('/v3/transaction-types', { name: 'reward', kind: 'company_to_user' })
    const { id } = await ctx.create('/v3/transaction-types', { name: 'old', kind: 'user_to_user' })
    await ctx.call('POST', `/v3/transaction-types/${id}/archive`)
  })
  const found = async (query: string) => {
    const { body } = await ctx.call('GET', `/v3/transaction-types${query}`)
    return body.data.map((type: { name: string }) => type.name)
  }

  describe('200', () => {
    it.each([
      ['', ['old', 'reward', 'tip']],
      ['?order=asc', ['tip', 'reward', 'old']],
      ['?status=active', ['reward', 'tip']],
      ['?kind=user_to_user', ['old', 'tip']],
      ['?name=reward', ['reward']],
      ['?name=nothing', []],
    ])('finds by %j', async (query, names) => {
      expect(await found(query)).toEqual(names)
    })

    it('pages', async () => {
      const { body } = await ctx.call('GET', '/v3/transaction-types?limit=2')
      expect(body).toMatchObject({ has_more: true, data: [{ name: 'old' }, { name: 'reward' }] })
      expect(await found(`?limit=2&cursor=${body.next_cursor}`)).toEqual(['tip'])
    })

    it('shows nothing of another tenant', async () => {
      const { body } = await ctx.call('GET', '/v3/transaction-types', { key: ctx.strangerKey })
      expect(body.data).toEqual([])
    })
  })

  describe('400', () => {
    it('refuses an unknown status', async () => {
      expect((await ctx.call('GET', '/v3/transaction-types?status=gone')).status).toBe(400)
    })
  })

  itIsGuarded(ctx, 'GET', '/v3/transaction-types', 'types:read')
})
