import { beforeEach, describe, expect, it } from 'vitest'
import { itHidesFromStrangers, itIsGuarded, useEconomyApi } from '#test/support/economy-api.ts'

describe('POST /v3/token-rules/{id}/archive', () => {
  const ctx = useEconomyApi()
  let id: string
  let count = 0
  beforeEach(async () => {
    id = (await ctx.create('/v3/token-rules', { name: `rule-${count++}`, expression: 'true', message: 'x' }))
      .id
  })
  const url = (rule: string) => `/v3/token-rules/${rule}/archive`

  describe('200', () => {
    it('takes the rule out of force, and repeating changes nothing', async () => {
      const first = await ctx.call('POST', url(id))
      expect(first).toMatchObject({ status: 200, body: { id, status: 'archived', version: 1 } })
      const version = await ctx.configVersion()
      expect((await ctx.call('POST', url(id))).body).toEqual(first.body)
      expect(await ctx.configVersion()).toBe(version)
      expect(await ctx.topicsOf(id)).toEqual(['token_rule.created', 'token_rule.archived'])
      expect(await ctx.actsOn(id)).toEqual(['token_rule.created', 'token_rule.archived'])
    })
  })

  const unknown = 'rul_01jc0000000000000000000000'
  itHidesFromStrangers(ctx, 'POST', url, { own: () => id, unknown }, 'token_rule_not_found')
  itIsGuarded(ctx, 'POST', () => url(id), 'rules:write')
})
