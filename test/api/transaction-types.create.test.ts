import { describe, expect, it } from 'vitest'
import { itIsGuarded, useEconomyApi } from '#test/support/economy-api.ts'

describe('POST /v3/transaction-types', () => {
  const ctx = useEconomyApi()
  const create = (body: unknown, once?: string) =>
    ctx.call('POST', '/v3/transaction-types', { body, ...(once !== undefined && { once }) })
  let count = 0
  const named = (change: Record<string, unknown> = {}) => ({
    name: `type-${count++}`,
    kind: 'user_to_user',
    ...change,
  })

  describe('201', () => {
    it.each([
      [{}, { currency: 'token', amount: null, commission: null }],
      [
        { amount: '1500000000000000000', commission: { bps: 250 } },
        { amount: '1500000000000000000', commission: { bps: 250 } },
      ],
      [{ commission: { amount: '7' } }, { commission: { amount: '7' } }],
      [{ commission: { arbitrary: true } }, { commission: { arbitrary: true } }],
      [
        { currency: 'USD', amount: '12.50', commission: { amount: '0.050000' } },
        { currency: 'USD', amount: '12.5', commission: { amount: '0.05' } },
      ],
      [
        { kind: 'company_to_user', currency: 'EUR' },
        { kind: 'company_to_user', currency: 'EUR', commission: null },
      ],
      [{ kind: 'user_to_company', metadata: { icon: 'cart' } }, { metadata: { icon: 'cart' } }],
    ])('creates %j', async (change, expected) => {
      const definition = named(change)
      const { status, body } = await create(definition)
      expect(status).toBe(201)
      expect(body).toMatchObject({
        object: 'transaction_type',
        status: 'active',
        name: definition.name,
        ...expected,
      })
      expect((await ctx.call('GET', `/v3/transaction-types/${body.id}`)).body).toEqual(body)
    })

    it('raises the configuration version, tells of it and writes the audit log', async () => {
      const before = Number(await ctx.configVersion())
      const { body } = await create(named())
      expect(await ctx.configVersion()).toBe(before + 1)
      expect(await ctx.topicsOf(body.id)).toEqual(['transaction_type.created'])
      expect(await ctx.actsOn(body.id)).toEqual(['transaction_type.created'])
    })

    it('repeats its first answer under the same idempotency key', async () => {
      const definition = named()
      const first = await create(definition, 'once-1')
      const again = await create(definition, 'once-1')
      expect(again.body).toEqual(first.body)
      expect(again.headers['idempotency-replayed']).toBe('true')
    })
  })

  describe('400', () => {
    it.each([
      ['/amount', { amount: '1.5' }],
      ['/amount', { amount: '0' }],
      ['/amount', { amount: 5 }],
      ['/amount', { currency: 'USD', amount: '0.1234567' }],
      ['/commission/bps', { commission: { bps: 0 } }],
      ['/commission/bps', { commission: { bps: 10_001 } }],
      ['/commission/amount', { commission: { amount: '-1' } }],
      ['/commission', { kind: 'company_to_user', commission: { bps: 1 } }],
      ['/commission/arbitrary', { commission: { arbitrary: false } }],
      ['/kind', { kind: 'company_to_company' }],
      ['/currency', { currency: 'JPY' }],
      ['/name', { name: '' }],
    ])('points at %s', async (pointer, change) => {
      const before = await ctx.configVersion()
      const { status, body } = await create(named(change))
      expect(status).toBe(400)
      expect(body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer)
      expect(await ctx.configVersion()).toBe(before)
    })
  })

  describe('409', () => {
    it('refuses a name that is taken, by an archived type too', async () => {
      const { name, id } = await ctx.create('/v3/transaction-types', named())
      expect(await create(named({ name }))).toMatchObject({
        status: 409,
        body: { code: 'transaction_type_name_taken', errors: [{ pointer: '/name' }] },
      })
      await ctx.call('POST', `/v3/transaction-types/${id}/archive`)
      expect((await create(named({ name }))).status).toBe(409)
    })
  })

  itIsGuarded(ctx, 'POST', '/v3/transaction-types', 'types:write', { name: 'x', kind: 'user_to_user' })
})
