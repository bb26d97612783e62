import { uuidv7 } from 'uuidv7'
import { beforeAll, describe, expect, it } from 'vitest'
import { toWire } from '#apps/api/presenters/wire-id.ts'
import { uuidOfWire } from '#test/support/api.ts'
import { itHidesFromStrangers, itIsGuarded, useEconomyApi } from '#test/support/economy-api.ts'

const hash = (digit: string) => `0x${digit.repeat(64)}`

describe('GET /v3/users/{id}/ledger', () => {
  const ctx = useEconomyApi()
  let ada: string
  let bob: string
  const transactionId = uuidv7()
  const outside = uuidv7()
  const issuance = uuidv7()
  beforeAll(async () => {
    ada = (await ctx.create('/v3/users', { name: 'Ada' })).id
    bob = (await ctx.create('/v3/users', { name: 'Bob' })).id
    const economy = uuidOfWire(ctx.economyId)
    const tenant = uuidOfWire(ctx.api.tenant.id)
    await ctx.api.sql(
      `INSERT INTO account (economy_id, id, tenant_id, kind, address) VALUES ($1, $2, $4, 'external', $5), ($1, $3, $4, 'issuance', $6)`,
      [economy, outside, issuance, tenant, `0x${'e'.repeat(40)}`, `0x${'0'.repeat(40)}`],
    )
    const insert = (
      block: number,
      log: number,
      amount: number,
      counter: string,
      more: { transaction?: string; isReversal?: boolean; blockHash?: string } = {},
    ) =>
      ctx.api.sql(
        `INSERT INTO entry (economy_id, account_id, block_number, log_index, side, is_reversal, tenant_id, block_hash, tx_hash,
                            counter_account_id, amount, transaction_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, decode(substr($8, 3), 'hex'), decode(substr($9, 3), 'hex'), $10, $11, $12)`,
        [
          economy,
          uuidOfWire(ada),
          block,
          log,
          amount < 0 !== (more.isReversal ?? false) ? 'debit' : 'credit',
          more.isReversal ?? false,
          tenant,
          more.blockHash ?? hash('a'),
          hash('f'),
          counter,
          amount,
          more.transaction ?? null,
        ],
      )
    await insert(10, 0, 100, issuance)
    await insert(11, 5, -30, uuidOfWire(bob), { transaction: transactionId })
    await insert(11, 5, 30, uuidOfWire(bob), { transaction: transactionId, isReversal: true })
    await insert(11, 7, -30, uuidOfWire(bob), { transaction: transactionId, blockHash: hash('b') })
    await insert(12, 1, 2, outside)
  })
  const list = (query = '') => ctx.call('GET', `/v3/users/${ada}/ledger${query}`)

  describe('200', () => {
    it('lists what moved, the newest block first, with who it was with', async () => {
      const { status, body } = await list()
      expect(status).toBe(200)
      expect(
        body.data.map((entry: { block_number: number; amount: string; is_reversal: boolean }) => [
          entry.block_number,
          entry.amount,
          entry.is_reversal,
        ]),
      ).toEqual([
        [12, '2', false],
        [11, '-30', false],
        [11, '30', true],
        [11, '-30', false],
        [10, '100', false],
      ])
      expect(body.data[0]).toMatchObject({
        object: 'ledger_entry',
        transaction_id: null,
        counterparty: { kind: 'external', user_id: null, address: `0x${'e'.repeat(40)}` },
      })
      expect(body.data[1]).toMatchObject({
        transaction_id: toWire('txn', transactionId),
        block_hash: hash('b'),
        tx_hash: hash('f'),
        log_index: 7,
        counterparty: { kind: 'user', user_id: bob },
      })
      expect(body.data[4].counterparty).toMatchObject({ kind: 'mint', user_id: null })
    })

    it.each(['desc', 'asc'])('pages through all of them once (%s)', async (order) => {
      const all = (await list(`?order=${order}`)).body.data
      const seen: unknown[] = []
      let query = `?limit=1&order=${order}`
      for (let page = 0; page < 10; page++) {
        const { body } = await list(query)
        seen.push(...body.data)
        if (!body.has_more) break
        query = `?limit=1&order=${order}&cursor=${body.next_cursor}`
      }
      expect(seen).toEqual(all)
    })

    it('is empty for a user to whom nothing happened', async () => {
      expect((await ctx.call('GET', `/v3/users/${bob}/ledger`)).body).toMatchObject({
        data: [],
        has_more: false,
      })
    })
  })

  describe('400', () => {
    it('refuses a cursor of another user’s ledger', async () => {
      const { body } = await list('?limit=1')
      const answer = await ctx.call('GET', `/v3/users/${bob}/ledger?limit=1&cursor=${body.next_cursor}`)
      expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_cursor' } })
    })
  })

  const unknown = 'usr_01jc0000000000000000000000'
  const url = (user: string) => `/v3/users/${user}/ledger`
  itHidesFromStrangers(ctx, 'GET', url, { own: () => ada, unknown }, 'user_not_found')
  itIsGuarded(ctx, 'GET', () => url(ada), 'users:read')
})
