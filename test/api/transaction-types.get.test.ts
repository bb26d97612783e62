import { beforeAll, describe, expect, it } from 'vitest'
import { itHidesFromStrangers, itIsGuarded, useEconomyApi } from '#test/support/economy-api.ts'

describe('GET /v3/transaction-types/{id}', () => {
  const ctx = useEconomyApi()
  let id: string
  beforeAll(async () => {
    id = (await ctx.create('/v3/transaction-types', { name: 'tip', kind: 'user_to_user', amount: '5' })).id
  })
  const url = (type: string) => `/v3/transaction-types/${type}`

  it('200: shows the type', async () => {
    expect(await ctx.call('GET', url(id))).toMatchObject({
      status: 200,
      body: { id, name: 'tip', amount: '5' },
    })
  })

  const unknown = 'typ_01jc0000000000000000000000'
  itHidesFromStrangers(ctx, 'GET', url, { own: () => id, unknown }, 'transaction_type_not_found')
  itIsGuarded(ctx, 'GET', () => url(id), 'types:read')
})
