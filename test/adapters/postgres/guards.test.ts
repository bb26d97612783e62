import pg from 'pg'
import { uuidv7 } from 'uuidv7'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Database } from '#adapters/postgres/database.ts'
import { type EconomyFixture, insertEconomy } from '#test/support/economy-fixture.ts'
import { createTestDatabase, type TestDatabase } from '#test/support/stack.ts'

/** What the schema itself refuses, whatever the code above it does. */
let database: TestDatabase
let owner: pg.Pool
let app: Database
let worker: Database
let mine: EconomyFixture
let theirs: EconomyFixture

beforeAll(async () => {
  database = await createTestDatabase()
  owner = new pg.Pool({ connectionString: database.ownerUrl, max: 2 })
  app = new Database({ url: database.appUrl, poolSize: 2, applicationName: 'test-guards' })
  worker = new Database({ url: database.workerUrl, poolSize: 2, applicationName: 'test-guards' })
  mine = await insertEconomy(database.ownerUrl, { balances: [100n] })
  theirs = await insertEconomy(database.ownerUrl, { balances: [100n] })
})
afterAll(async () => {
  await Promise.all([app.close(), worker.close(), owner.end()])
  await database.drop()
})

const asApp = (text: string, values: unknown[] = [], tenantIds = [mine.tenantId]) =>
  app.raw(tenantIds, (client) => client.query(text, values))

/** As the API acting for `mine` only. */
const insertTransaction = (
  { economyId, tenantId, companyId, types, userIds }: EconomyFixture,
  commission = 0,
  commissionToId: string | null = null,
) =>
  asApp(
    `INSERT INTO transaction (economy_id, id, tenant_id, type_id, from_user_id, to_user_id, amount, config_version, commission, commission_to_id)
     VALUES ($1, $2, $3, $4, $5, $6, 50, 1, $7, $8)`,
    [economyId, uuidv7(), tenantId, types.tip, userIds[0], companyId, commission, commissionToId],
  )

async function tenantTables(): Promise<string[]> {
  const { rows } = await owner.query(
    `SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attname = 'tenant_id'
     UNION SELECT 'tenant' ORDER BY 1`,
  )
  return rows.map((row) => row.relname)
}

describe('row-level security', () => {
  it('is on for every table with rows of tenants', async () => {
    const { rows } = await owner.query(`SELECT relname FROM pg_class WHERE relrowsecurity ORDER BY 1`)
    expect(rows.map((row) => row.relname)).toEqual(await tenantTables())
    expect(rows.length).toBeGreaterThan(20)
  })

  it('binds roles that own nothing and cannot step around it', async () => {
    const { rows } = await owner.query(
      `SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, (SELECT count(*)::int FROM pg_class c WHERE c.relowner = r.oid) AS owns
       FROM pg_roles r WHERE rolname IN ('ost_app', 'ost_worker') ORDER BY 1`,
    )
    const nothing = { rolsuper: false, rolbypassrls: false, rolcreaterole: false, owns: 0 }
    expect(rows).toEqual([
      { rolname: 'ost_app', ...nothing },
      { rolname: 'ost_worker', ...nothing },
    ])
  })

  it('shows the api the rows of the tenants it acts for, and none when it acts for nobody', async () => {
    const count = async (table: string, tenantIds: string[]) =>
      Number((await asApp(`SELECT count(*) AS n FROM ${table}`, [], tenantIds)).rows[0].n)
    for (const table of ['economy', 'economy_user', 'wallet', 'account', 'transaction_type']) {
      const [one, both, none] = [
        await count(table, [mine.tenantId]),
        await count(table, [mine.tenantId, theirs.tenantId]),
        await count(table, []),
      ]
      expect({ table, one: one > 0, both, none }).toEqual({ table, one: true, both: 2 * one, none: 0 })
    }
  })

  it("lets the api neither change nor add another tenant's rows", async () => {
    const { rowCount } = await asApp('UPDATE wallet SET reserved = reserved + 1 WHERE economy_id = $1', [
      theirs.economyId,
    ])
    expect(rowCount).toBe(0)
    await expect(insertTransaction(theirs)).rejects.toThrow('row-level security')
  })

  it('holds through the view of what transactions move', async () => {
    const movements = async (tenantIds: string[]) =>
      (await asApp('SELECT kind, amount FROM transfer ORDER BY amount DESC', [], tenantIds)).rows
    await insertTransaction(mine, 7, mine.companyId)
    const moved = [
      { kind: 'amount', amount: '50' },
      { kind: 'commission', amount: '7' },
    ]
    expect(await movements([mine.tenantId])).toEqual(moved)
    expect(await movements([theirs.tenantId])).toEqual([])
    expect(await movements([])).toEqual([])
  })
})

describe('privileges', () => {
  it('let the api reserve money and never settle it', async () => {
    await asApp('UPDATE wallet SET reserved = reserved WHERE economy_id = $1', [mine.economyId])
    for (const text of [
      'UPDATE account SET settled = settled + 1',
      'UPDATE account SET released = released + 1',
      `UPDATE wallet SET custody = 'managed'`,
      'DELETE FROM account',
      'INSERT INTO entry SELECT * FROM entry',
      'UPDATE transaction SET status = status',
      'SELECT key_jwe FROM lane',
    ]) {
      await expect(asApp(text), text).rejects.toThrow('permission denied')
    }
  })
})

describe('append-only tables', () => {
  it.each(['entry', 'audit_log', 'token_rule_version'])(
    '%s refuses changes, even by its owner',
    async (table) => {
      const { rows } = await owner.query(
        `SELECT tgname FROM pg_trigger WHERE tgrelid = $1::regclass AND NOT tgisinternal AND tgtype & 16 = 16 AND tgtype & 8 = 8`,
        [table],
      )
      expect(rows).toHaveLength(1)
    },
  )

  it('keep a written entry as it was', async () => {
    await worker.raw([], (client) =>
      client.query(
        `INSERT INTO entry (economy_id, account_id, block_number, log_index, side, tenant_id, block_hash, tx_hash, counter_account_id, amount)
         VALUES ($1, $2, 1, 0, 'credit', $3, '\\xb0', '\\xf0', $2, 5)`,
        [mine.economyId, mine.companyId, mine.tenantId],
      ),
    )
    for (const text of ['UPDATE entry SET amount = 6', 'DELETE FROM entry', 'TRUNCATE entry']) {
      await expect(owner.query(text), text).rejects.toThrow('append-only')
    }
  })
})

describe('checks', () => {
  it('refuse negative balances, reservations and amounts, and states that cannot be', async () => {
    const refusals = {
      account_settled: `UPDATE account SET settled = -1 WHERE kind = 'wallet'`,
      wallet_reserved: 'UPDATE wallet SET reserved = -1',
      wallet_announced: 'UPDATE wallet SET announced = -1',
      economy_deployed: 'UPDATE economy SET token_address = NULL',
      wallet_salt: `UPDATE wallet SET salt = '\\x00'`,
      transaction_type_amount: `UPDATE transaction_type SET amount_units = 0 WHERE name = 'fixed'`,
    }
    for (const [constraint, text] of Object.entries(refusals)) {
      await expect(owner.query(text), constraint).rejects.toMatchObject({ constraint })
    }
  })

  it('refuse a commission that goes to nobody, and whom nothing goes to', async () => {
    for (const insert of [insertTransaction(mine, 7), insertTransaction(mine, 0, mine.companyId)])
      await expect(insert).rejects.toMatchObject({ constraint: 'transaction_commission_to' })
  })

  it.each(['wallet', 'account'])('refuse what is no address in lower case: %s', async (table) => {
    const { rows } = await owner.query(`SELECT address FROM ${table} LIMIT 1`)
    for (const address of [
      '',
      '0x',
      rows[0].address.toUpperCase(),
      `${rows[0].address}0`,
      `0x${'g'.repeat(40)}`,
    ]) {
      await expect(owner.query(`UPDATE ${table} SET address = $1`, [address]), address).rejects.toMatchObject(
        {
          code: '23514',
          constraint: `${table}_address`,
        },
      )
    }
    const { fields } = await owner.query(`SELECT * FROM ${table} LIMIT 1`)
    const names = fields.map(({ name }) => name).filter((name) => name !== 'address')
    const copy = `INSERT INTO ${table} (${names.join(', ')}, address) SELECT ${names.join(', ')}, $1 FROM ${table} LIMIT 1`
    await expect(owner.query(copy, ['0xABC'])).rejects.toMatchObject({ constraint: `${table}_address` })
  })
})
