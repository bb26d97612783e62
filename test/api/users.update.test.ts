import { beforeEach, describe, expect, it } from 'vitest'
import { itHidesFromStrangers, itIsGuarded, useEconomyApi } from '#test/support/economy-api.ts'

describe('PATCH /v3/users/{id}', () => {
  const ctx = useEconomyApi()
  let id: string
  beforeEach(async () => {
    id = (await ctx.create('/v3/users', { name: 'Ada', metadata: { a: 1 } })).id
  })
  const patch = (body: unknown, user = id) => ctx.call('PATCH', `/v3/users/${user}`, { body })

  describe('200', () => {
    it('changes what is given and leaves the rest', async () => {
      const { status, body } = await patch({ is_verified: true, metadata: { b: 2 } })
      expect(status).toBe(200)
      expect(body).toMatchObject({ name: 'Ada', is_verified: true, metadata: { b: 2 } })
      expect(body.metadata).not.toHaveProperty('a')
      expect((await ctx.call('GET', `/v3/users/${id}`)).body).toEqual(body)
      expect(await ctx.topicsOf(id)).toEqual(['user.created', 'user.updated'])
    })

    it('empties what is null', async () => {
      await patch({ external_id: 'gone-soon' })
      expect((await patch({ name: null, external_id: null })).body).toMatchObject({
        name: null,
        external_id: null,
      })
    })

    it('changes the company’s name', async () => {
      expect((await patch({ name: 'Acme' }, ctx.companyUserId)).body).toMatchObject({
        name: 'Acme',
        type: 'company',
      })
    })
  })

  describe('400', () => {
    it.each([[{}], [{ status: 'archived' }], [{ is_verified: null }], [{ metadata: null }]])(
      'refuses %j',
      async (body) => {
        expect(await patch(body)).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
      },
    )
  })

  describe('409', () => {
    it('refuses an external id that is taken', async () => {
      await ctx.create('/v3/users', { external_id: `of-another-${id}` })
      expect(await patch({ external_id: `of-another-${id}` })).toMatchObject({
        status: 409,
        body: { code: 'external_id_taken' },
      })
    })

    it('refuses an archived user', async () => {
      await ctx.call('POST', `/v3/users/${id}/archive`)
      expect(await patch({ name: 'x' })).toMatchObject({ status: 409, body: { code: 'user_archived' } })
    })

    it('refuses an external id for the company', async () => {
      const answer = await patch({ external_id: 'x' }, ctx.companyUserId)
      expect(answer).toMatchObject({ status: 409, body: { code: 'company_user_fixed' } })
    })
  })

  const unknown = 'usr_01jc0000000000000000000000'
  const body = { name: 'x' }
  itHidesFromStrangers(
    ctx,
    'PATCH',
    (user) => `/v3/users/${user}`,
    { own: () => id, unknown },
    'user_not_found',
    body,
  )
  itIsGuarded(ctx, 'PATCH', () => `/v3/users/${id}`, 'users:write', body)
})
