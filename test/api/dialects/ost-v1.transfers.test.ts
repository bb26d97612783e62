import { randomBytes, randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Params } from '#test/support/ost-sdk.ts'
import { badRequest, blamed, expectGuarded, notFound, useOstV1Api } from '#test/support/ost-v1-api.ts'

describe('transfers of 2018', () => {
  const ctx = useOstV1Api({ env: { COIN_BUDGET_WEI: '1000' } })
  const to = `0x${randomBytes(20).toString('hex')}`
  const post = (params: Params, as = ctx.key) => ctx.call('POST', '/transfers', params, { as })

  it('queue a call of the economy’s lane, within a budget', async () => {
    const { transfer } = await ctx.data('POST', '/transfers', {
      to_address: to.toUpperCase().replace('X', 'x'),
      amount: '400',
    })
    expect(transfer).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      from_address: expect.stringMatching(/^0x[0-9a-f]{40}$/),
      to_address: to,
      amount: '400',
      transaction_hash: null,
      timestamp: expect.closeTo(Date.now(), -5),
      status: 'processing',
      gas_price: null,
      gas_used: null,
      block_number: null,
      chain_id: 31_002,
    })
    const rows = await ctx.api.sql(`SELECT id, status, value, to_address, kind FROM chain_submission`)
    expect(rows).toEqual([
      { id: transfer.id, status: 'queued', value: '400', to_address: to, kind: 'coin_transfer' },
    ])
    expect((await ctx.data('GET', '/token')).token.ost_utility_balance).toEqual([
      ['31002', '0.0000000000000006'],
    ])
  })

  it('422: what is over the budget, however many ask at once', async () => {
    const answers = await Promise.all(Array.from({ length: 4 }, () => post({ to_address: to, amount: 250 })))
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 200, 422, 422])
    expect(blamed(await post({ to_address: to, amount: 101 }))).toEqual({
      status: 422,
      code: 'INSUFFICIENT_FUNDS',
      parameters: ['amount'],
    })
  })

  it.each([
    [{ amount: '1' }, ['to_address']],
    [{ to_address: to }, ['amount']],
    [{}, ['to_address', 'amount']],
    [{ to_address: '0x12', amount: '1' }, ['to_address']],
    [{ to_address: to, amount: '0' }, ['amount']],
    [{ to_address: to, amount: '-1' }, ['amount']],
    [{ to_address: to, amount: '1.5' }, ['amount']],
    [{ to_address: to, amount: `1${'0'.repeat(20)}` }, ['amount']],
  ] as [Params, string[]][])('400: %o', async (params, parameters) => {
    expect(blamed(await post(params))).toEqual(badRequest(...parameters))
  })

  it('are found by id, in their own economy only, and listed', async () => {
    const { transfers, meta } = await ctx.data('GET', '/transfers', { limit: 1 })
    expect(transfers).toHaveLength(1)
    expect(meta.next_page_payload).toEqual({ order_by: 'created', order: 'desc', page_no: 2, limit: 1 })
    const { id } = transfers[0]
    expect((await ctx.data('GET', `/transfers/${id}`)).transfer).toEqual(transfers[0])
    expect((await ctx.data('GET', '/transfers', { id })).transfers).toEqual(transfers)
    expect(blamed(await ctx.call('GET', `/transfers/${id}`, {}, { as: ctx.stranger }))).toEqual(notFound)
    expect((await ctx.data('GET', '/transfers', { id }, { as: ctx.stranger })).transfers).toEqual([])
    for (const other of ['x', randomUUID()])
      expect(blamed(await ctx.call('GET', `/transfers/${other}`))).toEqual(notFound)
    expect(blamed(await ctx.call('GET', '/transfers', { id: 'x' }))).toEqual(badRequest('id'))
    const many = Array.from({ length: 101 }, () => randomUUID()).join(',')
    expect(blamed(await ctx.call('GET', '/transfers', { id: many }))).toEqual(badRequest('id'))
    expect(blamed(await ctx.call('GET', '/transfers', { order_by: 'name' }))).toEqual(badRequest('order_by'))
  })

  it('carry up to the last wei below 10^20', async () => {
    // More than the budget, but no malformed amount.
    expect(blamed(await post({ to_address: to, amount: '9'.repeat(20) }))).toMatchObject({ status: 422 })
  })

  it('403 TRANSFER_FORBIDDEN in production', async () => {
    await ctx.api.sql(`UPDATE economy SET environment = 'production' WHERE id = $1`, [
      ctx.strangers.economyId,
    ])
    await ctx.api.sql(`UPDATE api_key SET environment = 'production' WHERE economy_id = $1`, [
      ctx.strangers.economyId,
    ])
    expect(blamed(await post({ to_address: to, amount: '1' }, ctx.stranger))).toMatchObject({
      status: 403,
      code: 'TRANSFER_FORBIDDEN',
    })
  })

  it('are guarded', async () => {
    await expectGuarded(ctx, 'POST', '/transfers', 'transactions:write')
    await expectGuarded(ctx, 'GET', '/transfers', 'transactions:read')
    await expectGuarded(ctx, 'GET', `/transfers/${randomUUID()}`, 'transactions:read')
  })
})
