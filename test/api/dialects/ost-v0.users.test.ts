import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Params } from '#test/support/ost-sdk.ts'
import { badRequest, blamed, expectGuarded, notFound, useOstV1Api } from '#test/support/ost-v1-api.ts'

describe('users of v0', () => {
  const ctx = useOstV1Api()
  const v0 = { base: '' }
  const create = async (name: string) =>
    (await ctx.data('POST', '/users/create', { name }, v0)).economy_users[0]
  const list = (params: Params = {}) => ctx.data('GET', '/users/list', params, v0)

  it('are created and edited', async () => {
    const data = await ctx.data('POST', '/users/create', { name: 'First' }, v0)
    expect(data).toEqual({
      result_type: 'economy_users',
      economy_users: [
        {
          id: expect.any(String),
          uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
          name: 'First',
          total_airdropped_tokens: '0',
          token_balance: '0',
        },
      ],
    })
    const { uuid } = data.economy_users[0]
    const edited = await ctx.data('POST', '/users/edit', { uuid, name: 'Second' }, v0)
    expect(edited.economy_users[0]).toMatchObject({ uuid, name: 'Second' })
  })

  it('400: names what is wrong as v0 called it', async () => {
    expect(blamed(await ctx.call('POST', '/users/create', { name: 'x' }, v0))).toEqual(badRequest('name'))
    expect(blamed(await ctx.call('POST', '/users/edit', {}, v0))).toEqual(badRequest('uuid', 'name'))
    for (const uuid of ['x', randomUUID(), ctx.strangers.userIds[0] ?? '', ctx.economy.companyId])
      expect(blamed(await ctx.call('POST', '/users/edit', { uuid, name: 'Stolen' }, v0))).toEqual(
        badRequest('uuid'),
      )
  })

  it('are listed by 25, and say how to go on', async () => {
    for (let index = 0; index < 26; index += 1) await create(`Listed ${index}`)
    const first = await list()
    expect(first.economy_users).toHaveLength(25)
    expect(first.economy_users[0].name).toBe('Listed 25')
    expect(first.meta.next_page_payload).toEqual({
      filter: 'all',
      order_by: 'creation_time',
      order: 'desc',
      page_no: 2,
    })
    expect((await list(first.meta.next_page_payload)).economy_users[0].name).toBe('Listed 0')
    await ctx.airdrop(ctx.bob, 2n)
    const never = await list({ filter: 'never_airdropped', order: 'asc' })
    expect(never.economy_users.map(({ uuid }: { uuid: string }) => uuid)).not.toContain(ctx.bob)
    for (const [name, value] of Object.entries({ page_no: 'x', filter: 'x', order_by: 'x', order: 'x' }))
      expect(blamed(await ctx.call('GET', '/users/list', { [name]: value }, v0))).toEqual(badRequest(name))
  })

  it('are ordered by their names or by their creation', async () => {
    const names = async (params: Params) =>
      (await list(params)).economy_users.flatMap(({ name }: { name: string | null }) => name ?? [])
    await create('Aaa first')
    expect((await names({ order_by: 'name', order: 'asc' }))[0]).toBe('Aaa first')
    expect((await names({ order_by: 'creation_time', order: 'desc' }))[0]).toBe('Aaa first')
    expect((await names({ order_by: 'name', order: 'desc' }))[0]).not.toBe('Aaa first')
  })

  it('are airdropped', async () => {
    const drop = (params: Params) => ctx.call('POST', '/users/airdrop/drop', params, v0)
    expect(blamed(await drop({}))).toEqual(badRequest('amount', 'list_type'))
    expect(blamed(await drop({ amount: 1, list_type: 'some' }))).toEqual(badRequest('list_type'))
    const { airdrop_uuid } = (await drop({ amount: 1, list_type: 'all' })).body.data
    const status = (uuid: string, as = ctx.key) =>
      ctx.call('GET', '/users/airdrop/status', { airdrop_uuid: uuid }, { ...v0, as })
    expect((await status(airdrop_uuid)).body.data).toEqual({
      airdrop_uuid,
      current_status: 'incomplete',
      steps_complete: ['users_identified'],
    })
    const never = (await drop({ amount: 1, list_type: 'never_airdropped' })).body.data
    const rows = await ctx.api.sql('SELECT id, selection FROM airdrop WHERE id = ANY ($1) ORDER BY id', [
      [airdrop_uuid, never.airdrop_uuid],
    ])
    expect(rows).toMatchObject([
      { id: airdrop_uuid, selection: {} },
      { id: never.airdrop_uuid, selection: { filter: { neverAirdropped: true } } },
    ])
    expect(blamed(await status(airdrop_uuid, ctx.stranger))).toEqual(badRequest('airdrop_uuid'))
    expect(blamed(await status('x'))).toEqual(badRequest('airdrop_uuid'))
  })

  it('404 for another path, in the same envelope', async () => {
    expect(blamed(await ctx.call('GET', '/users/nothing', {}, v0))).toEqual(notFound)
  })

  it.each([
    ['POST', '/users/create', 'users:write'],
    ['POST', '/users/edit', 'users:write'],
    ['GET', '/users/list', 'users:read'],
    ['POST', '/users/airdrop/drop', 'airdrops:write'],
    ['GET', '/users/airdrop/status', 'airdrops:read'],
  ] as const)('%s %s is guarded', (method, path, scope) =>
    expectGuarded(
      { ...ctx, call: (m, p, params, more) => ctx.call(m, p, params, { ...v0, ...more }) },
      method,
      path,
      scope,
    ),
  )
})
