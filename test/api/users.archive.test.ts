import { beforeEach, describe, expect, it } from 'vitest'
import { itHidesFromStrangers, itIsGuarded, useEconomyApi } from '#test/support/economy-api.ts'

describe('POST /v3/users/{id}/archive', () => {
  const ctx = useEconomyApi()
  let id: string
  beforeEach(async () => {
    id = (await ctx.create('/v3/users', {})).id
  })
  const archive = (user = id, once?: string) =>
    ctx.call('POST', `/v3/users/${user}/archive`, { ...(once !== undefined && { once }) })

  describe('200', () => {
    it('archives, and repeating changes nothing', async () => {
      const first = await archive()
      expect(first).toMatchObject({ status: 200, body: { id, status: 'archived' } })
      expect((await archive()).body).toEqual(first.body)
      expect(await ctx.topicsOf(id)).toEqual(['user.created', 'user.archived'])
    })

    it('repeats its first answer under the same idempotency key', async () => {
      await archive(id, `archive-${id}`)
      expect((await archive(id, `archive-${id}`)).headers['idempotency-replayed']).toBe('true')
    })
  })

  describe('409', () => {
    it('refuses the company', async () => {
      expect(await archive(ctx.companyUserId)).toMatchObject({
        status: 409,
        body: { code: 'company_user_fixed' },
      })
    })
  })

  const unknown = 'usr_01jc0000000000000000000000'
  const url = (user: string) => `/v3/users/${user}/archive`
  itHidesFromStrangers(ctx, 'POST', url, { own: () => id, unknown }, 'user_not_found')
  itIsGuarded(ctx, 'POST', () => url(id), 'users:write')
})
