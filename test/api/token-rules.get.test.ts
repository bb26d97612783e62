import { beforeAll, describe, expect, it } from 'vitest'
import { itHidesFromStrangers, itIsGuarded, useEconomyApi } from '#test/support/economy-api.ts'

describe('GET /v3/token-rules/{id}', () => {
  const ctx = useEconomyApi()
  let id: string
  beforeAll(async () => {
    id = (await ctx.create('/v3/token-rules', { name: 'limit', expression: 'true', message: 'x' })).id
  })
  const url = (rule: string) => `/v3/token-rules/${rule}`

  it('200: shows the rule', async () => {
    expect(await ctx.call('GET', url(id))).toMatchObject({
      status: 200,
      body: { id, name: 'limit', version: 1 },
    })
  })

  const unknown = 'rul_01jc0000000000000000000000'
  itHidesFromStrangers(ctx, 'GET', url, { own: () => id, unknown }, 'token_rule_not_found')
  itIsGuarded(ctx, 'GET', () => url(id), 'rules:read')
})
