import { describe, expect, it } from 'vitest'
import { TOKEN_RULES_MAX } from '#core/rule/token-rule.ts'
import { uuidOfWire } from '#test/support/api.ts'
import { itIsGuarded, useEconomyApi } from '#test/support/economy-api.ts'

describe('POST /v3/token-rules', () => {
  const ctx = useEconomyApi()
  let count = 0
  const rule = (change: Record<string, unknown> = {}) => ({
    name: `rule-${count++}`,
    expression: 'tx.amount <= tokens("1000")',
    message: 'At most 1,000 tokens.',
    ...change,
  })
  const create = (body: unknown, once?: string) =>
    ctx.call('POST', '/v3/token-rules', { body, ...(once !== undefined && { once }) })

  describe('201', () => {
    it('creates a rule for every type, as version 1', async () => {
      const { status, body } = await create(rule())
      expect(status).toBe(201)
      expect(body).toMatchObject({ object: 'token_rule', version: 1, type_id: null, status: 'active' })
      expect((await ctx.call('GET', `/v3/token-rules/${body.id}`)).body).toEqual(body)
    })

    it('creates a rule for one type', async () => {
      const { id } = await ctx.create('/v3/transaction-types', { name: 'tip', kind: 'user_to_user' })
      expect((await create(rule({ type_id: id }))).body.type_id).toBe(id)
    })

    it('keeps its first version, raises the configuration version, tells of it and writes the audit log', async () => {
      const before = Number(await ctx.configVersion())
      const { body } = await create(rule())
      expect(await ctx.configVersion()).toBe(before + 1)
      expect(await ctx.topicsOf(body.id)).toEqual(['token_rule.created'])
      expect(await ctx.actsOn(body.id)).toEqual(['token_rule.created'])
      const versions = await ctx.api.sql('SELECT version FROM token_rule_version WHERE rule_id = $1', [
        uuidOfWire(body.id),
      ])
      expect(versions).toEqual([{ version: 1 }])
    })

    it('is asked for the next transaction', async () => {
      const type = await ctx.create('/v3/transaction-types', { name: 'ask', kind: 'company_to_user' })
      const user = await ctx.create('/v3/users', {})
      await ctx.api.sql('UPDATE account SET settled = 1000 WHERE id = $1', [uuidOfWire(ctx.companyUserId)])
      const { body: verified } = await create(
        rule({ type_id: type.id, expression: 'recipient.is_verified', message: 'Verified people only.' }),
      )
      const pay = (once: string) =>
        ctx.call('POST', '/v3/transactions', {
          body: { type: 'ask', to_user_id: user.id, amount: '5' },
          once,
        })
      expect(await pay('ask-1')).toMatchObject({
        status: 422,
        body: {
          code: 'rule_violated',
          detail: expect.stringContaining('Verified people only.'),
          details: { rule_name: verified.name, rule_version: 1 },
        },
      })
      await ctx.call('PATCH', `/v3/users/${user.id}`, { body: { is_verified: true } })
      expect((await pay('ask-2')).status).toBe(202)
    })

    it('repeats its first answer under the same idempotency key', async () => {
      const body = rule()
      const first = await create(body, 'once-1')
      expect((await create(body, 'once-1')).body).toEqual(first.body)
    })
  })

  describe('400', () => {
    it.each([
      ['/expression', { expression: '' }],
      ['/expression', { expression: 'x'.repeat(2_001) }],
      ['/message', { message: undefined }],
      ['/type_id', { type_id: 'tip' }],
      ['/nope', { nope: 1 }],
    ])('points at %s', async (pointer, change) => {
      const { status, body } = await create(rule(change))
      expect(status).toBe(400)
      expect(body.errors.map((error: { pointer: string }) => error.pointer)).toContain(pointer)
    })
  })

  describe('404', () => {
    it('refuses a type that is not there', async () => {
      expect(await create(rule({ type_id: 'typ_01jc0000000000000000000000' }))).toMatchObject({
        status: 404,
        body: { code: 'transaction_type_not_found', errors: [{ pointer: '/type_id' }] },
      })
    })
  })

  describe('409', () => {
    it('refuses a name that is taken', async () => {
      const { name } = await ctx.create('/v3/token-rules', rule())
      expect(await create(rule({ name }))).toMatchObject({
        status: 409,
        body: { code: 'token_rule_name_taken' },
      })
    })

    it('refuses more active rules than an economy may have', async () => {
      await ctx.api.sql(
        `INSERT INTO token_rule (economy_id, id, tenant_id, name, expression, message)
         SELECT $1, gen_random_uuid(), $2, 'filler-' || n, 'true', 'x' FROM generate_series(1, $3) AS n`,
        [uuidOfWire(ctx.economyId), uuidOfWire(ctx.api.tenant.id), TOKEN_RULES_MAX],
      )
      expect(await create(rule())).toMatchObject({ status: 409, body: { code: 'limit_reached' } })
      await ctx.api.sql(`DELETE FROM token_rule WHERE name LIKE 'filler-%'`)
    })
  })

  describe('422', () => {
    it.each([
      ['tx.amount <= 100', 'tokens("100")', 1],
      ['sendr.is_verified', 'did you mean "sender"?', 1],
      ['true &&\n tx.amout == tx.amount', 'did you mean "amount"?', 2],
      ['tx.amount', 'must answer true or false', 1],
      ['tx.amount <', 'Unexpected token', 1],
      ['"a".matches("(a+)+$")', 'not available in rules', 1],
    ])('explains what is wrong with %j', async (expression, reason, line) => {
      const { status, body } = await create(rule({ expression }))
      expect(status).toBe(422)
      expect(body).toMatchObject({
        code: 'invalid_expression',
        detail: expect.stringContaining(reason),
        errors: [{ pointer: '/expression' }],
        details: { position: { line } },
      })
    })
  })

  itIsGuarded(ctx, 'POST', '/v3/token-rules', 'rules:write', { name: 'x', expression: 'true', message: 'x' })
})
