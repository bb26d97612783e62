import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DatabaseBefore, databaseBefore } from './database-before.ts'

/** What the table `transfer` held is what its view says (docs/adr/0033-movements-in-their-transaction.md). */

const THIS = '20261201000100_keep_movements_in_their_transaction'
const [TENANT, ECONOMY, PAYER, PAYEE, COMPANY] = Array.from({ length: 5 }, () => randomUUID())

let before: DatabaseBefore

beforeEach(async () => {
  before = await databaseBefore(THIS)
})
afterEach(() => before.close())

interface Leg {
  kind?: string
  to?: string
  amount: number
}

/** A transaction of 50, and what the version before wrote of its movements. */
async function pay(commission: number, legs: readonly Leg[]): Promise<void> {
  const id = randomUUID()
  await before.owner.query(
    `INSERT INTO transaction (economy_id, id, tenant_id, type_id, from_user_id, to_user_id, amount, commission, config_version)
     VALUES ($1, $2, $3, $1, $4, $5, 50, $6, 1)`,
    [ECONOMY, id, TENANT, PAYER, PAYEE, commission],
  )
  for (const [position, { kind = position === 0 ? 'amount' : 'commission', to, amount }] of legs.entries())
    await before.owner.query(
      `INSERT INTO transfer (economy_id, transaction_id, position, tenant_id, kind, from_account_id, to_account_id, amount)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [ECONOMY, id, position, TENANT, kind, PAYER, to ?? (position === 0 ? PAYEE : COMPANY), amount],
    )
}

const movements = async () =>
  (await before.owner.query('SELECT * FROM transfer ORDER BY economy_id, transaction_id, position')).rows

it('keeps what every transaction moves', async () => {
  await pay(0, [{ amount: 50 }])
  await pay(7, [{ amount: 50 }, { amount: 7 }])
  const kept = await movements()
  expect(kept).toHaveLength(3)
  await before.migrateOn()
  expect(await movements()).toEqual(kept)
})

describe('stops, with everything as it was,', () => {
  it.each<[string, number, Leg[]]>([
    ['at a movement of another amount', 0, [{ amount: 49 }]],
    ['at a movement to somebody else', 0, [{ amount: 50, to: COMPANY ?? '' }]],
    ['at a movement of another kind', 0, [{ amount: 50, kind: 'commission' }]],
    ['at another commission', 7, [{ amount: 50 }, { amount: 8 }]],
    ['at a movement too many', 7, [{ amount: 50 }, { amount: 7 }, { amount: 1 }]],
    ['at a transaction that moves nothing', 0, []],
  ])('%s', async (_name, commission, legs) => {
    await pay(0, [{ amount: 50 }])
    await pay(commission, legs)
    const kept = await movements()
    await expect(before.migrateOn()).rejects.toThrow('is not what its transaction says')
    expect(await movements()).toEqual(kept)
  })

  it.each<[string, number, Leg[]]>([
    ['at a commission that nobody got', 7, [{ amount: 50 }]],
    ['at a recipient of no commission', 0, [{ amount: 50 }, { amount: 7 }]],
  ])('%s', async (_name, commission, legs) => {
    await pay(commission, legs)
    await expect(before.migrateOn()).rejects.toThrow('transaction_commission_to')
  })
})
