import { beforeAll, describe, expect, it } from 'vitest'
import { itIsGuarded, useEconomyApi } from '#test/support/economy-api.ts'

describe('GET /v3/token-rules', () => {
  const ctx = useEconomyApi()
  let typeId: string
  beforeAll(async () => {
    typeId = (await ctx.create('/v3/transaction-types', { name: 'tip', kind: 'user_to_user' })).id
    const rule = { expression: 'true', message: 'x' }
    await ctx.create('/v3/token-rules', { name: 'for all', ...rule })
    await ctx.create('/v3/token-rules', { name: 'for tips', type_id: typeId, ...rule })
    const { id } = await ctx.create('/v3/token-rules', { name: 'old', ...rule })
    await ctx.call('POST', `/v3/token-rules/${id}/archive`)
  })
  const found = async (query: string) => {
    const { body } = await ctx.call('GET', `/v3/token-rules${query}`)
    return body.data.map((rule: { name: string }) => rule.name)
  }

  describe('200', () => {
    it.each([
      ['', ['old', 'for tips', 'for all']],
      ['?status=active&order=asc', ['for all', 'for tips']],
      ['?status=archived', ['old']],
      ['?name=for all', ['for all']],
    ])('finds by %j', async (query, names) => {
      expect(await found(query)).toEqual(names)
    })

    it('finds by type', async () => {
      expect(await found(`?type_id=${typeId}`)).toEqual(['for tips'])
    })

    it('pages', async () => {
      const { body } = await ctx.call('GET', '/v3/token-rules?limit=2')
      expect(body.has_more).toBe(true)
      expect(await found(`?limit=2&cursor=${body.next_cursor}`)).toEqual(['for all'])
    })

    it('shows nothing of another tenant', async () => {
      expect((await ctx.call('GET', '/v3/token-rules', { key: ctx.strangerKey })).body.data).toEqual([])
    })
  })

  describe('400', () => {
    it('refuses a type id that is none', async () => {
      expect(await ctx.call('GET', '/v3/token-rules?type_id=tip')).toMatchObject({
        status: 400,
        body: { errors: [{ pointer: '?type_id' }] },
      })
    })
  })

  itIsGuarded(ctx, 'GET', '/v3/token-rules', 'rules:read')
})
