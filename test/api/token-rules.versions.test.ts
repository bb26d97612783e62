import { beforeAll, describe, expect, it } from 'vitest'
import { itHidesFromStrangers, itIsGuarded, useEconomyApi } from '#test/support/economy-api.ts'

describe('GET /v3/token-rules/{id}/versions', () => {
  const ctx = useEconomyApi()
  let id: string
  beforeAll(async () => {
    id = (await ctx.create('/v3/token-rules', { name: 'limit', expression: 'true', message: 'one' })).id
    for (const message of ['two', 'three'])
      await ctx.call('PATCH', `/v3/token-rules/${id}`, { body: { message } })
  })
  const url = (rule: string) => `/v3/token-rules/${rule}/versions`

  describe('200', () => {
    it('lists what the rule said, newest first', async () => {
      const { body } = await ctx.call('GET', url(id))
      expect(body.data).toMatchObject([
        { object: 'token_rule_version', rule_id: id, version: 3, message: 'three' },
        { version: 2, message: 'two' },
        { version: 1, message: 'one', expression: 'true', type_id: null },
      ])
    })

    it.each([
      ['desc', [3, 2, 1]],
      ['asc', [1, 2, 3]],
    ])('pages (%s)', async (order, versions) => {
      const first = (await ctx.call('GET', `${url(id)}?limit=2&order=${order}`)).body
      const second = (await ctx.call('GET', `${url(id)}?limit=2&order=${order}&cursor=${first.next_cursor}`))
        .body
      const seen = [...first.data, ...second.data].map((version: { version: number }) => version.version)
      expect(seen).toEqual(versions)
    })
  })

  const unknown = 'rul_01jc0000000000000000000000'
  itHidesFromStrangers(ctx, 'GET', url, { own: () => id, unknown }, 'token_rule_not_found')
  itIsGuarded(ctx, 'GET', () => url(id), 'rules:read')
})
