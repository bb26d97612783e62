import pg from 'pg'
import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRuleCompiler } from '#adapters/cel/rule-compiler.ts'
import { Database } from '#adapters/postgres/database.ts'
import { createLoadEconomyConfig } from '#adapters/postgres/economy-config.ts'
import type { LoadEconomyConfig } from '#core/rule/economy-config.ts'
import { evaluateRules } from '#core/rule/evaluate-rules.ts'
import { type EconomyFixture, insertEconomy } from '#test/support/economy-fixture.ts'
import { aRuleContext } from '#test/support/rule-context.ts'
import { createTestDatabase, type TestDatabase } from '#test/support/stack.ts'

describe('loadEconomyConfig', () => {
  let testDatabase: TestDatabase
  let owner: pg.Client
  let database: Database
  let load: LoadEconomyConfig
  let economy: EconomyFixture
  beforeAll(async () => {
    testDatabase = await createTestDatabase()
    owner = new pg.Client({ connectionString: testDatabase.ownerUrl })
    await owner.connect()
    database = new Database({ url: testDatabase.appUrl, poolSize: 2, applicationName: 'test' })
    load = createLoadEconomyConfig(database, createRuleCompiler())
    economy = await insertEconomy(testDatabase.ownerUrl, { chainId: 31_010 })
  })
  afterAll(async () => {
    await owner.end()
    await database.close()
    await testDatabase.drop()
  })
  const config = async () => load(economy.tenantId, economy.economyId)
  const insertRule = async (
    name: string,
    expression: string,
    more: { typeId?: string; status?: string } = {},
  ) =>
    owner.query(
      `INSERT INTO token_rule (economy_id, id, tenant_id, name, type_id, expression, message, status, version)
       VALUES ($1, $2, $3, $4, $5, $6, 'no', $7, 3)`,
      [
        economy.economyId,
        uuidv7(),
        economy.tenantId,
        name,
        more.typeId ?? null,
        expression,
        more.status ?? 'active',
      ],
    )
  const insertPrice = async (currency: string, price: string, asOf: string) =>
    owner.query(
      `INSERT INTO price_point (economy_id, id, tenant_id, currency, price, source, as_of) VALUES ($1, $2, $3, $4, $5, 'admin', $6)`,
      [economy.economyId, uuidv7(), economy.tenantId, currency, price, asOf],
    )

  it('reads the economy and its types by id and by name', async () => {
    const { typesById, typesByName, ...rest } = await config()
    expect(rest).toMatchObject({
      economyId: economy.economyId,
      tenantId: economy.tenantId,
      configVersion: 1,
      status: 'active',
      environment: 'sandbox',
      decimals: 18,
      companyUserId: economy.companyId,
    })
    expect(typesByName.get('tip')).toMatchObject({
      currency: 'token',
      amount: null,
      commission: { kind: 'bps', bps: 100 },
    })
    expect(typesById.get(economy.types.fixed)).toMatchObject({ name: 'fixed', amount: 5n, commission: null })
    expect(typesById.size).toBe(4)
  })

  it('reads archived types too, and amounts of any size exactly', async () => {
    await owner.query(
      `INSERT INTO transaction_type (economy_id, id, tenant_id, name, kind, currency, allows_arbitrary_amount, amount_units, amount_fiat,
                                     commission_units, commission_fiat, status)
       VALUES ($1, $2, $4, 'huge', 'user_to_user', 'token', false, 2::numeric ^ 96 - 1, NULL, 9007199254740993, NULL, 'archived'),
              ($1, $3, $4, 'fiat', 'user_to_user', 'USD', false, NULL, 12.500000, NULL, 0.100000, 'active')`,
      [economy.economyId, uuidv7(), uuidv7(), economy.tenantId],
    )
    const { typesByName } = await config()
    expect(typesByName.get('huge')).toMatchObject({
      status: 'archived',
      amount: 2n ** 96n - 1n,
      commission: { kind: 'fixed', amount: 9_007_199_254_740_993n },
    })
    expect(typesByName.get('fiat')).toMatchObject({
      currency: 'USD',
      amount: '12.5',
      commission: { kind: 'fixed', amount: '0.1' },
    })
  })

  it('reads the price of the latest moment of each currency', async () => {
    await insertPrice('USD', '0.250000000000000001', '2026-11-02T00:00:00Z')
    await insertPrice('USD', '9', '2026-11-01T00:00:00Z')
    const { prices } = await config()
    expect([...prices.keys()]).toEqual(['USD'])
    expect(prices.get('USD')).toMatchObject({
      price: '0.250000000000000001',
      asOf: new Date('2026-11-02T00:00:00Z'),
    })
  })

  it('compiles the active rules with the token’s decimals, oldest first', async () => {
    await insertRule('limit', 'tx.amount <= tokens("10")')
    await insertRule('daily', 'window.sender.day.count < 3', { typeId: economy.types.tip })
    await insertRule('old', 'false', { status: 'archived' })
    const { rules } = await config()
    expect(rules.map(({ name, version, typeId, usesWindow }) => [name, version, typeId, usesWindow])).toEqual(
      [
        ['limit', 3, null, false],
        ['daily', 3, economy.types.tip, true],
      ],
    )
    expect(rules[0]?.evaluate(aRuleContext({ tx: { amount: 10n ** 19n } }))).toBe(true)
    expect(rules[0]?.evaluate(aRuleContext({ tx: { amount: 10n ** 19n + 1n } }))).toBe(false)
  })

  it('lets a stored rule that does not compile refuse everything', async () => {
    await insertRule('broken', 'tx.amount <= 5')
    const { rules } = await config()
    const { refusedBy } = evaluateRules(
      rules.filter(({ name }) => name === 'broken'),
      aRuleContext(),
    )
    expect(refusedBy).toMatchObject({ name: 'broken', error: expect.stringContaining('not valid') })
  })

  it('shows nothing of another tenant', async () => {
    await expect(load(uuidv7(), economy.economyId)).rejects.toMatchObject({ code: 'economy_not_found' })
  })
})
