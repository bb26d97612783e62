import { beforeEach, describe, expect, it } from 'vitest'
import { itHidesFromStrangers, itIsGuarded, useEconomyApi } from '#test/support/economy-api.ts'

describe('PATCH /v3/token-rules/{id}', () => {
  const ctx = useEconomyApi()
  let id: string
  let count = 0
  beforeEach(async () => {
    const body = {
      name: `rule-${count++}`,
      expression: 'sender.is_verified',
      message: 'Verified people only.',
    }
    id = (await ctx.create('/v3/token-rules', body)).id
  })
  const url = (rule: string) => `/v3/token-rules/${rule}`
  const patch = (body: unknown) => ctx.call('PATCH', url(id), { body })

  describe('200', () => {
    it.each([[{ expression: 'recipient.is_verified' }], [{ message: 'Please verify.' }]])(
      'makes a new version of %j and keeps the old one',
      async (change) => {
        const { status, body } = await patch(change)
        expect(status).toBe(200)
        expect(body).toMatchObject({ version: 2, ...change })
        const versions = (await ctx.call('GET', `${url(id)}/versions`)).body.data
        expect(versions.map((version: { version: number }) => version.version)).toEqual([2, 1])
      },
    )

    it('makes a new version when it applies elsewhere', async () => {
      const type = await ctx.create('/v3/transaction-types', { name: `type-${id}`, kind: 'user_to_user' })
      expect((await patch({ type_id: type.id })).body).toMatchObject({ version: 2, type_id: type.id })
      expect((await patch({ type_id: null })).body).toMatchObject({ version: 3, type_id: null })
    })

    it('makes no new version of a new name, or of what it said already', async () => {
      expect((await patch({ name: `renamed-${id}` })).body).toMatchObject({
        version: 1,
        name: `renamed-${id}`,
      })
      expect((await patch({ expression: 'sender.is_verified' })).body.version).toBe(1)
    })

    it('raises the configuration version, tells of it and writes the audit log', async () => {
      const before = Number(await ctx.configVersion())
      await patch({ message: 'y' })
      expect(await ctx.configVersion()).toBe(before + 1)
      expect((await ctx.topicsOf(id)).at(-1)).toBe('token_rule.updated')
      expect((await ctx.actsOn(id)).at(-1)).toBe('token_rule.updated')
    })

    it('numbers parallel changes one after the other', async () => {
      const answers = await Promise.all([1, 2, 3, 4].map((n) => patch({ message: `message ${n}` })))
      expect(answers.map(({ body }) => body.version).toSorted((a, b) => a - b)).toEqual([2, 3, 4, 5])
    })
  })

  describe('400', () => {
    it.each([[{}], [{ expression: null }], [{ status: 'archived' }], [{ type_id: 'tip' }]])(
      'refuses %j',
      async (body) => {
        expect(await patch(body)).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
      },
    )
  })

  describe('404', () => {
    it('refuses a type that is not there', async () => {
      expect(await patch({ type_id: 'typ_01jc0000000000000000000000' })).toMatchObject({
        status: 404,
        body: { code: 'transaction_type_not_found' },
      })
    })
  })

  describe('409', () => {
    it('refuses a name that is taken', async () => {
      await ctx.create('/v3/token-rules', { name: `taken-${id}`, expression: 'true', message: 'x' })
      expect(await patch({ name: `taken-${id}` })).toMatchObject({
        status: 409,
        body: { code: 'token_rule_name_taken' },
      })
    })

    it('refuses an archived rule', async () => {
      await ctx.call('POST', `${url(id)}/archive`)
      expect(await patch({ message: 'y' })).toMatchObject({
        status: 409,
        body: { code: 'token_rule_archived' },
      })
    })
  })

  describe('422', () => {
    it('refuses a wrong expression and leaves the rule as it was', async () => {
      expect(await patch({ expression: 'tx.amount < 5' })).toMatchObject({
        status: 422,
        body: { code: 'invalid_expression' },
      })
      expect((await ctx.call('GET', url(id))).body).toMatchObject({
        version: 1,
        expression: 'sender.is_verified',
      })
    })
  })

  const unknown = 'rul_01jc0000000000000000000000'
  const body = { message: 'y' }
  itHidesFromStrangers(ctx, 'PATCH', url, { own: () => id, unknown }, 'token_rule_not_found', body)
  itIsGuarded(ctx, 'PATCH', () => url(id), 'rules:write', body)
})
