import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { toWire } from '#apps/api/presenters/wire-id.ts'
import { carryTo, mineTogether } from '#test/support/mined-submission.ts'
import type { Params } from '#test/support/ost-sdk.ts'
import { badRequest, blamed, expectGuarded, notFound, TOKEN, useOstV1Api } from '#test/support/ost-v1-api.ts'

describe('transactions of 2018', () => {
  const ctx = useOstV1Api()
  const actions: Record<string, string> = {}
  beforeAll(async () => {
    const listed = (await ctx.data('GET', '/actions', { limit: 100 })).actions
    for (const { id, name } of listed) actions[name] = id
    const create = async (name: string, params: Params) =>
      (actions[name] = (await ctx.data('POST', '/actions', { name, ...params })).action.id)
    const between = { kind: 'user_to_user', arbitrary_amount: 'true', arbitrary_commission: 'true' }
    await create('open', { ...between, currency: 'BT' })
    await create('open usd', { ...between, currency: 'USD' })
  })
  const tip = (params: Params = {}) => ({
    action_id: actions['tip'] ?? '',
    from_user_id: ctx.alice,
    to_user_id: ctx.bob,
    amount: '1',
    ...params,
  })
  const post = (params: Params) => ctx.call('POST', '/transactions', params)
  const heldBy = async (userId: string) =>
    BigInt(
      String((await ctx.api.sql('SELECT held FROM account_balance WHERE id = $1', [userId]))[0]?.['held']),
    )

  describe('POST /transactions', () => {
    it('answers at once, and shows numbers only when it is mined', async () => {
      const { transaction } = await ctx.data('POST', '/transactions', tip({ amount: '0.1' }))
      expect(transaction).toEqual({
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        from_user_id: ctx.alice,
        to_user_id: ctx.bob,
        transaction_hash: null,
        action_id: actions['tip'],
        timestamp: expect.closeTo(Date.now(), -5),
        status: 'processing',
        gas_price: '1000000000',
        gas_used: null,
        transaction_fee: null,
        block_number: null,
        amount: null,
        commission_amount: null,
        airdropped_amount: null,
      })
      await ctx.mine([transaction.id])
      expect((await ctx.data('GET', `/transactions/${transaction.id}`)).transaction).toMatchObject({
        status: 'complete',
        transaction_hash: '0xabc',
        block_number: 7,
        amount: '0.1',
        commission_amount: '0.001',
        airdropped_amount: '0',
      })
    })

    it('shows gas, fee and block of its submission, divided by those it travelled with', async () => {
      const made = [
        await ctx.data('POST', '/transactions', tip()),
        await ctx.data('POST', '/transactions', tip()),
      ]
      const ids = made.map(({ transaction }) => transaction.id)
      const mined = { nonce: 901, gasUsed: 60_000, gasPriceWei: 2_000_000_000n, blockNumber: 42 }
      await mineTogether(ctx.api, ids, { ...mined, txHash: `0x${'cd'.repeat(32)}` })
      for (const id of ids)
        expect((await ctx.data('GET', `/transactions/${id}`)).transaction).toMatchObject({
          transaction_hash: `0x${'cd'.repeat(32)}`,
          gas_price: '2000000000',
          gas_used: '30000',
          transaction_fee: '0.00006',
          block_number: 42,
          amount: '1',
          commission_amount: '0.01',
        })
    })

    it('has no airdropped_amount in v1, wherever it is shown', async () => {
      const v1 = { base: '/v1' }
      const { transaction } = await ctx.data('POST', '/transactions', tip(), v1)
      const got = (await ctx.data('GET', `/transactions/${transaction.id}`, {}, v1)).transaction
      const [listed] = (await ctx.data('GET', '/transactions', { id: transaction.id }, v1)).transactions
      const inV11 = (await ctx.data('GET', `/transactions/${transaction.id}`)).transaction
      const { airdropped_amount, ...rest } = inV11
      expect(airdropped_amount).toBeNull()
      for (const shown of [transaction, got, listed]) expect(shown).toEqual(rest)
    })

    it('tells where it is on its way: processing, waiting_for_mining, complete, failed', async () => {
      const { transaction } = await ctx.data('POST', '/transactions', tip())
      const seen: string[] = []
      for (const status of ['queued', 'submitted', 'mined', 'confirmed', 'failed'] as const) {
        if (status !== 'queued') await carryTo(ctx.api.sql, [transaction.id], status)
        const got = (await ctx.data('GET', `/transactions/${transaction.id}`)).transaction
        seen.push(got.status)
        const isMined = status === 'mined' || status === 'confirmed'
        expect([got.block_number, got.amount]).toEqual(isMined ? [7, '1'] : [null, null])
      }
      expect(seen).toEqual(['processing', 'waiting_for_mining', 'complete', 'complete', 'failed'])
    })

    it('looks at the users before the balance', async () => {
      const poor = tip({ from_user_id: ctx.bob, to_user_id: ctx.bob, amount: '100' })
      expect(blamed(await post(poor))).toEqual(badRequest('to_user_id'))
    })

    it('takes the commission on top of the amount', async () => {
      const before = await heldBy(ctx.alice)
      await ctx.data(
        'POST',
        '/transactions',
        tip({ action_id: actions['open'] ?? '', amount: '10', commission_percent: '2.5' }),
      )
      expect((await heldBy(ctx.alice)) - before).toBe(10n * TOKEN + TOKEN / 4n)
    })

    it('converts USD by the price of the moment, amount and share rounded down', async () => {
      await ctx.api.request('POST', '/v3/price-points', {
        economy: toWire('eco', ctx.economy.economyId),
        body: { currency: 'USD', price: '0.3' },
      })
      const before = await heldBy(ctx.alice)
      await ctx.data(
        'POST',
        '/transactions',
        tip({ action_id: actions['open usd'] ?? '', amount: '1', commission_percent: '10' }),
      )
      const [amount, share] = [(TOKEN * 10n) / 3n, TOKEN / 3n]
      expect((await heldBy(ctx.alice)) - before).toBe(amount + share)
    })

    it('fills in the company where it is a side, and takes it by its id', async () => {
      for (const params of [
        { action_id: actions['reward'] ?? '', to_user_id: ctx.bob, amount: '1' },
        { action_id: actions['reward'] ?? '', from_user_id: '', to_user_id: ctx.bob, amount: '1' },
        {
          action_id: actions['reward'] ?? '',
          from_user_id: ctx.economy.companyId,
          to_user_id: ctx.bob,
          amount: '1',
        },
      ])
        expect((await ctx.data('POST', '/transactions', params)).transaction.from_user_id).toBe(
          ctx.economy.companyId,
        )
      const purchase = { action_id: actions['purchase'] ?? '', from_user_id: ctx.alice, amount: '1' }
      expect((await ctx.data('POST', '/transactions', purchase)).transaction.to_user_id).toBe(
        ctx.economy.companyId,
      )
    })

    it.each(['js', 'java', 'ruby', 'php'] as const)('is executed by the %s SDK', async (sdk) => {
      expect((await ctx.call('POST', '/transactions', tip(), { sdk })).status).toBe(200)
    })

    it('happens twice where two equal requests come in one second, as an SDK in a loop sends them', async () => {
      const before = await heldBy(ctx.alice)
      await Promise.all([post(tip({ amount: '2' })), post(tip({ amount: '2' }))])
      expect((await heldBy(ctx.alice)) - before).toBe((4n * TOKEN * 101n) / 100n)
    })

    it('checks in the original’s order, and changes nothing', async () => {
      const before = await heldBy(ctx.alice)
      const wrong = { amount: 'x', commission_percent: 'x', from_user_id: 'x', to_user_id: 'x' }
      const open = actions['open'] ?? ''
      expect(blamed(await post({ ...wrong, action_id: '' }))).toEqual(badRequest('action_id'))
      expect(blamed(await post({ ...wrong, action_id: '99999' }))).toEqual(badRequest('action_id'))
      expect(blamed(await post({ ...wrong, action_id: open }))).toEqual(badRequest('amount'))
      expect(blamed(await post({ ...wrong, action_id: open, amount: '1' }))).toEqual(
        badRequest('commission_percent'),
      )
      expect(blamed(await post({ ...wrong, action_id: open, amount: '1', commission_percent: '1' }))).toEqual(
        badRequest('from_user_id', 'to_user_id'),
      )
      expect(await heldBy(ctx.alice)).toBe(before)
    })

    it.each([
      [{ amount: '' }, 'amount'],
      [{ amount: '0' }, 'amount'],
      [{ amount: '101' }, 'amount'],
      [{ action_id: 'open usd', amount: '0.1234567', commission_percent: '1' }, 'amount'],
      [{ action_id: 'fixed', amount: '1' }, 'amount'],
      [{ commission_percent: '1' }, 'commission_percent'],
      [{ action_id: 'open', commission_percent: '' }, 'commission_percent'],
      [{ action_id: 'reward', from_user_id: '', commission_percent: '1' }, 'commission_percent'],
      [{ from_user_id: '' }, 'from_user_id'],
      [{ from_user_id: 'company' }, 'from_user_id'],
      [{ to_user_id: 'company' }, 'to_user_id'],
      [{ to_user_id: 'alice' }, 'to_user_id'],
      [{ to_user_id: 'unknown' }, 'to_user_id'],
      [{ from_user_id: 'unknown' }, 'from_user_id'],
      [{ to_user_id: 'foreign' }, 'to_user_id'],
      [{ action_id: 'reward', from_user_id: 'alice' }, 'from_user_id'],
    ] as [Record<string, string>, string][])('400: %o', async (params, parameter) => {
      const ids: Record<string, string> = {
        ...actions,
        alice: ctx.alice,
        company: ctx.economy.companyId,
        unknown: randomUUID(),
        foreign: ctx.strangers.userIds[0] ?? '',
      }
      const named = Object.entries(params).map(([name, value]) => [name, ids[value] ?? value])
      expect(blamed(await post(tip(Object.fromEntries(named))))).toEqual(badRequest(parameter))
    })

    it('422 INSUFFICIENT_FUNDS', async () => {
      expect(
        blamed(await post(tip({ from_user_id: ctx.bob, to_user_id: ctx.alice, amount: '99' }))),
      ).toMatchObject({
        status: 422,
        code: 'INSUFFICIENT_FUNDS',
      })
    })

    it('is guarded', () => expectGuarded(ctx, 'POST', '/transactions', 'transactions:write'))
  })

  describe('GET /transactions/{id}', () => {
    it('404 for every id that is no transaction of the economy', async () => {
      const { transaction } = await ctx.data('POST', '/transactions', tip())
      expect(
        blamed(await ctx.call('GET', `/transactions/${transaction.id}`, {}, { as: ctx.stranger })),
      ).toEqual(notFound)
      for (const id of ['nonsense', randomUUID()])
        expect(blamed(await ctx.call('GET', `/transactions/${id}`))).toEqual(notFound)
    })

    it('is the list where the id is blank', async () => {
      expect((await ctx.data('GET', '/transactions/')).result_type).toBe('transactions')
      expect((await ctx.data('GET', '/transactions//')).result_type).toBe('transactions')
    })

    it('is guarded', () => expectGuarded(ctx, 'GET', `/transactions/${randomUUID()}`, 'transactions:read'))
  })

  describe('GET /transactions', () => {
    it('lists by ids and pages', async () => {
      const { transactions, meta } = await ctx.data('GET', '/transactions', { limit: 2 })
      expect(transactions).toHaveLength(2)
      expect(meta.next_page_payload).toEqual({ order_by: 'created', order: 'desc', page_no: 2, limit: 2 })
      const id = transactions.map((row: { id: string }) => row.id).join(',')
      expect((await ctx.data('GET', '/transactions', { id })).transactions).toEqual(transactions)
    })

    it('holds no payments of airdrops', async () => {
      await ctx.airdrop(ctx.bob, 1n)
      const { transactions } = await ctx.data('GET', '/transactions', { limit: 100 })
      const [airdropped] = await ctx.api.sql('SELECT id FROM transaction WHERE airdrop_id IS NOT NULL')
      expect(transactions.map((row: { id: string }) => row.id)).not.toContain(airdropped?.['id'])
    })

    it.each([
      ['order_by', 'name'],
      ['id', 'x'],
      ['id', Array.from({ length: 101 }, () => randomUUID()).join(',')],
      ['limit', 'x'],
    ])('400: %s %s', async (name, value) => {
      expect(blamed(await ctx.call('GET', '/transactions', { [name]: value }))).toEqual(badRequest(name))
    })

    it('is guarded', () => expectGuarded(ctx, 'GET', '/transactions', 'transactions:read'))
  })
})
