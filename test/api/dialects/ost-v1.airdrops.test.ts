import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Params } from '#test/support/ost-sdk.ts'
import { badRequest, blamed, expectGuarded, notFound, useOstV1Api } from '#test/support/ost-v1-api.ts'

describe('airdrops of 2018', () => {
  const ctx = useOstV1Api()
  const drop = async (params: Params) => (await ctx.data('POST', '/airdrops', params)).airdrop
  const refused = async (params: Params) => blamed(await ctx.call('POST', '/airdrops', params))
  const row = async (id: string) =>
    (
      await ctx.api.sql('SELECT amount, total, status, selection, recipient_ids FROM airdrop WHERE id = $1', [
        id,
      ])
    )[0]
  const end = (id: string, status: string) =>
    ctx.api.sql('UPDATE airdrop SET status = $2 WHERE id = $1', [id, status])

  it('give an amount to all, with exactly the original’s keys', async () => {
    const airdrop = await drop({ amount: '0.5' })
    expect(airdrop).toEqual({ id: expect.any(String), current_status: 'pending', steps_complete: [] })
    expect(await row(airdrop.id)).toMatchObject({ amount: '500000000000000000', total: 2 })
  })

  it('leave nothing behind where their users are refused, not even the type they are paid by', async () => {
    const types = () =>
      ctx.api.sql('SELECT name FROM transaction_type WHERE economy_id = $1', [ctx.strangers.economyId])
    const before = await types()
    const params = { amount: '1', user_ids: randomUUID() }
    const answer = await ctx.call('POST', '/airdrops', params, { as: ctx.stranger })
    expect(blamed(answer)).toEqual(badRequest('user_ids'))
    expect(await types()).toEqual(before)
  })

  it('leave nothing behind where the company has too little, and make their type once when many begin', async () => {
    const types = () =>
      ctx.api.sql('SELECT name FROM transaction_type WHERE economy_id = $1', [ctx.strangers.economyId])
    const before = await types()
    const post = (amount: string) => ctx.call('POST', '/airdrops', { amount }, { as: ctx.stranger })
    expect(blamed(await post('1000000'))).toMatchObject({ status: 422, parameters: ['amount'] })
    expect(await types()).toEqual(before)
    const answers = await Promise.all(['0.01', '0.02', '0.03', '0.04'].map(post))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(await types()).toEqual([...before, { name: 'OST airdrop' }])
  })

  it('are many at a time', async () => {
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => ctx.call('POST', '/airdrops', { amount: '1' })),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
  })

  it('go to the users named, to those who were ever airdropped, to those who never were, and to both together', async () => {
    expect(await row((await drop({ amount: 1, user_ids: `${ctx.alice}, ${ctx.alice}` })).id)).toMatchObject({
      total: 1,
    })
    await ctx.airdrop(ctx.bob, 1n)
    expect(await row((await drop({ amount: 1, airdropped: true })).id)).toMatchObject({
      total: 1,
      selection: { filter: { everAirdropped: true } },
    })
    expect(await row((await drop({ amount: 1, airdropped: false })).id)).toMatchObject({ total: 1 })
    const both = await drop({ amount: 1, airdropped: true, user_ids: `${ctx.alice},${ctx.bob}` })
    expect(await row(both.id)).toMatchObject({ recipient_ids: [ctx.bob] })
  })

  it('leave no action behind that the dialect shows', async () => {
    await drop({ amount: 1 })
    const { actions } = await ctx.data('GET', '/actions', { limit: 100 })
    expect(actions.map(({ name }: { name: string }) => name)).not.toContain('OST airdrop')
  })

  it.each([
    [{}, 'amount'],
    [{ amount: '0' }, 'amount'],
    [{ amount: '-1' }, 'amount'],
    [{ amount: '0.0000000000000000001' }, 'amount'],
    [{ amount: '1', airdropped: 'x' }, 'airdropped'],
    [{ amount: '1', user_ids: 'x' }, 'user_ids'],
    [{ amount: '1', user_ids: 'unknown' }, 'user_ids'],
    [{ amount: '1', user_ids: 'foreign' }, 'user_ids'],
    [{ amount: '1', user_ids: 'company' }, 'user_ids'],
  ] as [Record<string, string>, string][])('400: %o', async (params, parameter) => {
    const ids: Record<string, string> = {
      unknown: randomUUID(),
      foreign: ctx.strangers.userIds[0] ?? '',
      company: ctx.economy.companyId,
    }
    const { user_ids } = params
    expect(await refused({ ...params, ...(user_ids && { user_ids: ids[user_ids] ?? user_ids }) })).toEqual(
      badRequest(parameter),
    )
  })

  it('422 where nobody is selected, and where the company has too little', async () => {
    expect(await refused({ amount: 1, airdropped: true, user_ids: ctx.alice })).toEqual({
      status: 422,
      code: 'UNPROCESSABLE_ENTITY',
      parameters: ['airdropped'],
    })
    expect(await refused({ amount: 1_000_000 })).toEqual({
      status: 422,
      code: 'INSUFFICIENT_FUNDS',
      parameters: ['amount'],
    })
  })

  it('POST /airdrops is guarded', () => expectGuarded(ctx, 'POST', '/airdrops', 'airdrops:write'))

  describe('GET /airdrops/{id} and GET /airdrops', () => {
    it('show how far one has come', async () => {
      const { id } = await drop({ amount: 1 })
      const [get, listed] = [
        async () => (await ctx.data('GET', `/airdrops/${id}`)).airdrop,
        async () => (await ctx.data('GET', '/airdrops', { id })).airdrops[0].current_status,
      ]
      expect(await get()).toEqual({ id, current_status: 'pending', steps_complete: ['users_identified'] })
      expect(await listed()).toBe('incomplete')
      await end(id, 'running')
      expect([(await get()).current_status, await listed()]).toEqual(['pending', 'processing'])
      await end(id, 'completed')
      expect(await get()).toEqual({
        id,
        current_status: 'complete',
        steps_complete: ['users_identified', 'tokens_transfered', 'contract_approved', 'allocation_done'],
      })
      const { airdrops } = await ctx.data('GET', '/airdrops', { current_status: 'complete,failed' })
      expect(airdrops.map((airdrop: { id: string }) => airdrop.id)).toEqual([id])
    })

    it('show one that failed, and every one with exactly these keys', async () => {
      const { id } = await drop({ amount: 1 })
      await end(id, 'failed')
      const failed = { id, current_status: 'failed', steps_complete: ['users_identified'] }
      expect((await ctx.data('GET', `/airdrops/${id}`)).airdrop).toEqual(failed)
      const { airdrops, meta } = await ctx.data('GET', '/airdrops', { current_status: 'failed', limit: 1 })
      expect(airdrops).toEqual([failed])
      expect(meta).toEqual({ next_page_payload: {} })
      const page = await ctx.data('GET', '/airdrops', { current_status: 'incomplete,failed', limit: 1 })
      expect(page.meta.next_page_payload).toMatchObject({ page_no: 2, current_status: 'incomplete,failed' })
    })

    it('404 for every id that is no airdrop of the economy', async () => {
      const { id } = await drop({ amount: 1 })
      expect(blamed(await ctx.call('GET', `/airdrops/${id}`, {}, { as: ctx.stranger }))).toEqual(notFound)
      for (const other of ['x', randomUUID()])
        expect(blamed(await ctx.call('GET', `/airdrops/${other}`))).toEqual(notFound)
    })

    it.each([
      ['current_status', 'pending'],
      ['id', 'x'],
      ['id', Array.from({ length: 101 }, () => randomUUID()).join(',')],
      ['order_by', 'name'],
      ['page_no', 'x'],
    ])('400: %s %s', async (name, value) => {
      expect(blamed(await ctx.call('GET', '/airdrops', { [name]: value }))).toEqual(badRequest(name))
    })

    it('are guarded', async () => {
      await expectGuarded(ctx, 'GET', '/airdrops', 'airdrops:read')
      await expectGuarded(ctx, 'GET', `/airdrops/${randomUUID()}`, 'airdrops:read')
    })
  })
})
