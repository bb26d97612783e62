import { beforeEach, describe, expect, it } from 'vitest'
import { itHidesFromStrangers, itIsGuarded, useEconomyApi } from '#test/support/economy-api.ts'

describe('POST /v3/transaction-types/{id}/archive', () => {
  const ctx = useEconomyApi()
  let id: string
  let count = 0
  beforeEach(async () => {
    id = (await ctx.create('/v3/transaction-types', { name: `type-${count++}`, kind: 'user_to_user' })).id
  })
  const url = (type: string) => `/v3/transaction-types/${type}/archive`

  describe('200', () => {
    it('makes the type archived, and repeating changes nothing', async () => {
      const first = await ctx.call('POST', url(id))
      expect(first).toMatchObject({ status: 200, body: { id, status: 'archived' } })
      const version = await ctx.configVersion()
      expect((await ctx.call('POST', url(id))).body).toEqual(first.body)
      expect(await ctx.configVersion()).toBe(version)
      expect((await ctx.topicsOf(id)).at(-1)).toBe('transaction_type.archived')
      expect((await ctx.actsOn(id)).at(-1)).toBe('transaction_type.archived')
    })
  })

  const unknown = 'typ_01jc0000000000000000000000'
  itHidesFromStrangers(ctx, 'POST', url, { own: () => id, unknown }, 'transaction_type_not_found')
  itIsGuarded(ctx, 'POST', () => url(id), 'types:write')
})
