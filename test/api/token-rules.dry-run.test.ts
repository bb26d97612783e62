import { beforeAll, describe, expect, it } from 'vitest'
import { uuidOfWire } from '#test/support/api.ts'
import { itIsGuarded, useEconomyApi } from '#test/support/economy-api.ts'

describe('POST /v3/token-rules/dry-run', () => {
  const ctx = useEconomyApi()
  let typeId: string
  let verified: string
  let other: string
  beforeAll(async () => {
    await ctx.api.sql('UPDATE account SET settled = 1000 WHERE id = $1', [uuidOfWire(ctx.companyUserId)])
    typeId = (await ctx.create('/v3/transaction-types', { name: 'reward', kind: 'company_to_user' })).id
    await ctx.create('/v3/transaction-types', { name: 'gift', kind: 'company_to_user' })
    verified = (await ctx.create('/v3/users', { is_verified: true })).id
    other = (await ctx.create('/v3/users', {})).id
    const transactions = [
      { type: 'reward', to_user_id: verified, amount: '1' },
      { type: 'reward', to_user_id: other, amount: '2', metadata: { level: 5 } },
      { type: 'gift', to_user_id: other, amount: '4' },
      { type: 'reward', to_user_id: other, amount: '8' },
    ]
    for (const [index, body] of transactions.entries()) {
      const answer = await ctx.call('POST', '/v3/transactions', { body, once: `past-${index}` })
      expect(answer.status, JSON.stringify(answer.body)).toBe(202)
    }
  })
  const run = (body: Record<string, unknown>) => ctx.call('POST', '/v3/token-rules/dry-run', { body })

  describe('200', () => {
    it('says how many past transactions would have passed, and shows the newest refused', async () => {
      const { status, body } = await run({ expression: 'recipient.is_verified' })
      expect(status).toBe(200)
      expect(body).toMatchObject({
        object: 'token_rule_dry_run',
        evaluated: 4,
        passed: 1,
        refused: 3,
        failed: 0,
      })
      expect(body.samples.map((sample: { amount: string }) => sample.amount)).toEqual(['8', '4', '2'])
      expect(body.samples[0]).toMatchObject({
        from_user_id: ctx.companyUserId,
        to_user_id: other,
        transaction_id: expect.stringMatching(/^txn_/),
        error: null,
      })
    })

    it('looks at one type only', async () => {
      const { body } = await run({ expression: 'tx.amount < units(8)', type_id: typeId })
      expect(body).toMatchObject({ evaluated: 3, passed: 2, refused: 1 })
    })

    it('looks at the newest, up to the limit', async () => {
      const { body } = await run({ expression: 'tx.amount > units(3)', limit: 2 })
      expect(body).toMatchObject({ evaluated: 2, passed: 2 })
    })

    it('looks at a span of time only', async () => {
      const past = new Date(Date.now() - 3_600_000).toISOString()
      expect((await run({ expression: 'true', to: past })).body.evaluated).toBe(0)
      expect((await run({ expression: 'true', from: past })).body.evaluated).toBe(4)
    })

    it('recomputes windows from the past: each transaction sees those before it', async () => {
      const { body } = await run({
        expression: 'window.sender.day.count < 2 && window.type.month.sum < units(3)',
      })
      expect(body).toMatchObject({ evaluated: 4, passed: 2, refused: 2 })
    })

    it('counts what was accepted in earlier hours', async () => {
      const [economy, tenant, company] = [ctx.economyId, ctx.api.tenant.id, ctx.companyUserId].map(uuidOfWire)
      const earlier = (hours: number, count: number) =>
        ctx.api.sql(
          `INSERT INTO activity (economy_id, subject_id, hour, tenant_id, count, amount)
           VALUES ($1, $2, date_trunc('hour', now() - make_interval(hours => $4::int)), $3, $5::int, $5::int)`,
          [economy, company, tenant, hours, count],
        )
      await earlier(2, 100)
      await earlier(30, 1_000)
      await earlier(24 * 31, 10_000)
      const count = async (expression: string) => (await run({ expression })).body.passed
      expect(await count('window.sender.hour.count < 4')).toBe(4)
      expect(await count('window.sender.day.count >= 100 && window.sender.day.count < 104')).toBe(4)
      expect(await count('window.sender.month.count >= 1100 && window.sender.month.count < 1104')).toBe(4)
      expect(
        await count('window.sender.month.sum >= units(1100) && window.sender.month.sum < units(1115)'),
      ).toBe(4)
    })

    it('counts what cannot be evaluated as refused, and says why', async () => {
      const { body } = await run({ expression: 'tx.metadata.level > 3' })
      expect(body).toMatchObject({ evaluated: 4, passed: 1, refused: 3, failed: 3 })
      expect(body.samples[0].error).toContain('the metadata has no "level"')
    })

    it('changes nothing', async () => {
      const before = await ctx.configVersion()
      await run({ expression: 'false' })
      expect(await ctx.configVersion()).toBe(before)
      expect((await ctx.call('GET', '/v3/token-rules')).body.data).toEqual([])
    })

    it('sees nothing of another tenant', async () => {
      const answer = await ctx.call('POST', '/v3/token-rules/dry-run', {
        key: ctx.strangerKey,
        body: { expression: 'true' },
      })
      expect(answer).toMatchObject({ status: 200, body: { evaluated: 0 } })
    })
  })

  describe('400', () => {
    it.each([[{}], [{ expression: 'true', limit: 1_001 }], [{ expression: 'true', from: 'yesterday' }]])(
      'refuses %j',
      async (body) => {
        expect(await run(body)).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
      },
    )
  })

  describe('404', () => {
    it('refuses a type that is not there', async () => {
      expect(await run({ expression: 'true', type_id: 'typ_01jc0000000000000000000000' })).toMatchObject({
        status: 404,
        body: { code: 'transaction_type_not_found' },
      })
    })
  })

  describe('422', () => {
    it('explains what is wrong with the expression', async () => {
      expect(await run({ expression: 'tx.amount < 5' })).toMatchObject({
        status: 422,
        body: { code: 'invalid_expression' },
      })
    })
  })

  itIsGuarded(ctx, 'POST', '/v3/token-rules/dry-run', 'rules:write', { expression: 'true' })
})
