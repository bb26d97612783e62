import { beforeAll, describe, expect, it } from 'vitest'
import { itHidesFromStrangers, itIsGuarded, useEconomyApi } from '#test/support/economy-api.ts'

describe('GET /v3/users/{id}', () => {
  const ctx = useEconomyApi()
  let id: string
  beforeAll(async () => {
    id = (await ctx.create('/v3/users', { name: 'Ada' })).id
  })

  describe('200', () => {
    it('shows the user', async () => {
      expect(await ctx.call('GET', `/v3/users/${id}`)).toMatchObject({
        status: 200,
        body: { id, name: 'Ada' },
      })
    })

    it('shows the company', async () => {
      const { body } = await ctx.call('GET', `/v3/users/${ctx.companyUserId}`)
      expect(body).toMatchObject({ id: ctx.companyUserId, type: 'company', is_verified: true })
    })
  })

  const unknown = 'usr_01jc0000000000000000000000'
  itHidesFromStrangers(
    ctx,
    'GET',
    (user) => `/v3/users/${user}`,
    { own: () => id, unknown },
    'user_not_found',
  )
  itIsGuarded(ctx, 'GET', () => `/v3/users/${id}`, 'users:read')
})
