import { beforeEach, describe, expect, it } from 'vitest'
import { itHidesFromStrangers, itIsGuarded, useEconomyApi } from '#test/support/economy-api.ts'

describe('PATCH /v3/transaction-types/{id}', () => {
  const ctx = useEconomyApi()
  let id: string
  let count = 0
  beforeEach(async () => {
    const body = { name: `type-${count++}`, kind: 'user_to_user', amount: '5', commission: { bps: 100 } }
    id = (await ctx.create('/v3/transaction-types', body)).id
  })
  const url = (type: string) => `/v3/transaction-types/${type}`
  const patch = (body: unknown) => ctx.call('PATCH', url(id), { body })

  describe('200', () => {
    it.each([
      [{ amount: '9' }, { amount: '9', commission: { bps: 100 } }],
      [{ amount: null }, { amount: null, commission: { bps: 100 } }],
      [{ commission: null }, { amount: '5', commission: null }],
      [
        { commission: { arbitrary: true }, amount: '7' },
        { amount: '7', commission: { arbitrary: true } },
      ],
      [{ metadata: { icon: 'x' } }, { amount: '5', metadata: { icon: 'x' } }],
    ])('takes %j', async (change, expected) => {
      const { status, body } = await patch(change)
      expect(status).toBe(200)
      expect(body).toMatchObject(expected)
      expect((await ctx.call('GET', url(id))).body).toEqual(body)
    })

    it('renames', async () => {
      expect((await patch({ name: `renamed-${id}` })).body.name).toBe(`renamed-${id}`)
    })

    it('raises the configuration version, tells of it and writes the audit log', async () => {
      const before = Number(await ctx.configVersion())
      await patch({ amount: '9' })
      expect(await ctx.configVersion()).toBe(before + 1)
      expect(await ctx.topicsOf(id)).toEqual(['transaction_type.created', 'transaction_type.updated'])
      expect(await ctx.actsOn(id)).toEqual(['transaction_type.created', 'transaction_type.updated'])
    })
  })

  describe('400', () => {
    it.each([
      [{}],
      [{ kind: 'company_to_user' }],
      [{ currency: 'USD' }],
      [{ amount: '1.5' }],
      [{ status: 'archived' }],
    ])('refuses %j', async (body) => {
      expect(await patch(body)).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
    })
  })

  describe('409', () => {
    it('refuses a name that is taken', async () => {
      await ctx.create('/v3/transaction-types', { name: `taken-${id}`, kind: 'user_to_user' })
      expect(await patch({ name: `taken-${id}` })).toMatchObject({
        status: 409,
        body: { code: 'transaction_type_name_taken' },
      })
    })

    it('refuses an archived type', async () => {
      await ctx.call('POST', `${url(id)}/archive`)
      expect(await patch({ amount: '9' })).toMatchObject({
        status: 409,
        body: { code: 'transaction_type_archived' },
      })
    })
  })

  const unknown = 'typ_01jc0000000000000000000000'
  const body = { amount: '9' }
  itHidesFromStrangers(ctx, 'PATCH', url, { own: () => id, unknown }, 'transaction_type_not_found', body)
  itIsGuarded(ctx, 'PATCH', () => url(id), 'types:write', body)
})
