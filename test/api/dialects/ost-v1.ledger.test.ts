import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { badRequest, blamed, expectGuarded, notFound, useOstV1Api } from '#test/support/ost-v1-api.ts'

describe('GET /ledger/{id} of 2018', () => {
  const ctx = useOstV1Api()
  const ids: string[] = []
  beforeAll(async () => {
    const actions = Object.fromEntries(
      (await ctx.data('GET', '/actions')).actions.map(({ id, name }: { id: string; name: string }) => [
        name,
        id,
      ]),
    )
    const tip = { action_id: actions['tip'], from_user_id: ctx.alice, to_user_id: ctx.bob, amount: '1' }
    const reward = { action_id: actions['reward'], to_user_id: ctx.alice, amount: '1' }
    for (const params of [tip, reward, { ...reward, to_user_id: ctx.bob }])
      ids.push((await ctx.data('POST', '/transactions', params)).transaction.id)
    await ctx.mine(ids.slice(0, 1))
  })
  const ledger = async (userId: string, params = {}) =>
    (await ctx.data('GET', `/ledger/${userId}`, params)).transactions.map((row: { id: string }) => row.id)

  it('holds what went in and out of one user, newest first', async () => {
    const data = await ctx.data('GET', `/ledger/${ctx.alice}`)
    expect(Object.keys(data)).toEqual(['result_type', 'transactions', 'meta'])
    expect(data.result_type).toBe('transactions')
    expect(await ledger(ctx.alice)).toEqual([ids[1], ids[0]])
    expect(await ledger(ctx.bob)).toEqual([ids[2], ids[0]])
  })

  it('is filtered by statuses, and keeps the filter for the next page', async () => {
    expect(await ledger(ctx.alice, { status: 'complete' })).toEqual([ids[0]])
    expect(await ledger(ctx.alice, { status: 'processing,waiting_for_mining,failed' })).toEqual([ids[1]])
    const { meta } = await ctx.data('GET', `/ledger/${ctx.alice}`, {
      status: 'complete,processing',
      limit: 1,
    })
    expect(meta.next_page_payload).toMatchObject({ status: 'complete,processing', page_no: 2 })
  })

  it('400 for an unknown status', async () => {
    expect(blamed(await ctx.call('GET', `/ledger/${ctx.alice}`, { status: 'done' }))).toEqual(
      badRequest('status'),
    )
  })

  it.each([
    ['order_by', 'name'],
    ['limit', '101'],
    ['page_no', '0'],
  ])('400: %s %s', async (name, value) => {
    expect(blamed(await ctx.call('GET', `/ledger/${ctx.alice}`, { [name]: value }))).toEqual(badRequest(name))
  })

  it('400 for every id that is no user of the economy', async () => {
    for (const id of ['nonsense', randomUUID(), ctx.strangers.userIds[0], ctx.economy.companyId])
      expect(blamed(await ctx.call('GET', `/ledger/${id}`))).toEqual(badRequest('id'))
  })

  it('is not in v1', async () => {
    expect(blamed(await ctx.call('GET', `/ledger/${ctx.alice}`, {}, { base: '/v1' }))).toEqual(notFound)
  })

  it('is guarded', () => expectGuarded(ctx, 'GET', `/ledger/${ctx.alice}`, 'transactions:read'))
})
