import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Params } from '#test/support/ost-sdk.ts'
import { badRequest, blamed, expectGuarded, TOKEN, useOstV1Api } from '#test/support/ost-v1-api.ts'

describe('transaction types of v0', () => {
  const ctx = useOstV1Api()
  const v0 = { base: '' }
  const post = (path: string, params: Params = {}, as = ctx.key) =>
    ctx.call('POST', `/transaction-types${path}`, params, { ...v0, as })
  const data = async (path: string, params: Params) => {
    const { status, body } = await post(path, params)
    expect(status, JSON.stringify(body)).toBe(200)
    return body.data
  }
  const like = { kind: 'user_to_user', currency_type: 'BT', currency_value: '2', commission_percent: '10' }

  it('are created and edited', async () => {
    const created = await data('/create', { name: 'Like', ...like })
    expect(created).toEqual({
      result_type: 'transactions',
      transactions: [
        {
          id: expect.stringMatching(/^100\d\d$/),
          client_transaction_id: expect.any(String),
          name: 'Like',
          kind: 'user_to_user',
          currency_type: 'BT',
          currency_value: '2.0000',
          commission_percent: '10.00',
          uts: expect.any(Number),
        },
      ],
    })
    const { client_transaction_id } = created.transactions[0]
    const edited = await data('/edit', {
      client_transaction_id,
      name: 'Love',
      currency_type: 'USD',
      currency_value: '0.5',
    })
    expect(edited.transactions[0]).toMatchObject({
      name: 'Love',
      currency_type: 'USD',
      currency_value: '0.5000',
      commission_percent: '10.00',
    })
  })

  it('400: names what is wrong as v0 called it', async () => {
    expect(blamed(await post('/create'))).toEqual(
      badRequest('name', 'kind', 'currency_type', 'currency_value'),
    )
    const wrong = {
      name: 'Wrong',
      kind: 'x',
      currency_type: 'x',
      currency_value: '-1',
      commission_percent: 'x',
    }
    expect(blamed(await post('/create', wrong))).toEqual(
      badRequest('kind', 'currency_type', 'currency_value', 'commission_percent'),
    )
    expect(blamed(await post('/edit'))).toEqual(badRequest('client_transaction_id'))
    expect(blamed(await post('/edit', { client_transaction_id: '99999' }))).toEqual(
      badRequest('client_transaction_id'),
    )
  })

  it('are listed beside the token and its price', async () => {
    const listed = await ctx.data('GET', '/transaction-types/list', {}, v0)
    expect(Object.keys(listed).toSorted()).toEqual(
      ['client_tokens', 'meta', 'price_points', 'result_type', 'transaction_types'].toSorted(),
    )
    expect(Object.keys(listed.client_tokens[0])).toEqual([
      'client_id',
      'name',
      'symbol',
      'symbol_icon',
      'conversion_factor',
      'token_erc20_address',
      'airdrop_contract_addr',
      'simple_stake_contract_addr',
    ])
    expect(listed.transaction_types.map(({ name }: { name: string }) => name)).toContain('tip')
    expect(blamed(await ctx.call('GET', '/transaction-types/list', { page_no: '' }, v0))).toEqual(
      badRequest('page_no'),
    )
  })

  it('are listed by 50, and say how to go on', async () => {
    const { economyId, tenantId } = ctx.strangers
    await ctx.api.sql(
      `INSERT INTO transaction_type (economy_id, id, tenant_id, name, kind, allows_arbitrary_amount, amount_units)
       SELECT $1, gen_random_uuid(), $2, 'Listed ' || n, 'user_to_user', false, 1 FROM generate_series(1, 51) n`,
      [economyId, tenantId],
    )
    const as = { ...v0, as: ctx.stranger }
    const first = await ctx.data('GET', '/transaction-types/list', {}, as)
    expect(first.transaction_types).toHaveLength(50)
    expect(first.meta.next_page_payload).toEqual({ page_no: 2 })
    const second = await ctx.data('GET', '/transaction-types/list', first.meta.next_page_payload, as)
    expect(second.transaction_types.length).toBeGreaterThan(0)
    expect(second.meta.next_page_payload).toEqual({})
  })

  it('leave the company out where it is a side', async () => {
    await data('/create', { name: 'Given', ...like, kind: 'company_to_user', commission_percent: '0' })
    const executed = await data('/execute', { transaction_kind: 'Given', to_uuid: ctx.bob })
    expect(executed).toMatchObject({ from_uuid: ctx.economy.companyId, to_uuid: ctx.bob })
  })

  it('are executed by name, and asked about by uuids in any form of a list', async () => {
    await data('/create', { name: 'Paid', ...like })
    const paid = { transaction_kind: 'Paid', from_uuid: ctx.alice, to_uuid: ctx.bob }
    const executed = await data('/execute', paid)
    expect(executed).toEqual({
      transaction_uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
      transaction_hash: null,
      from_uuid: ctx.alice,
      to_uuid: ctx.bob,
      action_id: expect.stringMatching(/^100\d\d$/),
    })
    const [held] = await ctx.api.sql('SELECT amount FROM hold WHERE transaction_id = $1', [
      executed.transaction_uuid,
    ])
    expect(held).toEqual({ amount: ((TOKEN * 22n) / 10n).toString() })
    const second = await data('/execute', paid)
    await ctx.mine([executed.transaction_uuid])
    const transaction_uuids = [executed.transaction_uuid, second.transaction_uuid]
    for (const sdk of ['js', 'ruby', 'php', 'java'] as const) {
      const status = await ctx.data(
        'POST',
        '/transaction-types/status',
        { transaction_uuids },
        { ...v0, sdk },
      )
      expect(Object.keys(status)).toEqual([
        'client_tokens',
        'transaction_types',
        'economy_users',
        'transactions',
      ])
      expect(status.transactions).toHaveLength(2)
      expect(status.economy_users).toHaveLength(2)
      expect(status.transactions[1]).toEqual({
        id: executed.transaction_uuid,
        transaction_uuid: executed.transaction_uuid,
        from_user_id: ctx.alice,
        to_user_id: ctx.bob,
        transaction_type_id: executed.action_id,
        transaction_hash: '0xabc',
        status: 'complete',
        gas_price: null,
        transaction_timestamp: expect.any(Number),
        uts: expect.any(Number),
        gas_used: null,
        transaction_fee: null,
        block_number: 7,
        bt_transfer_value: '2',
        bt_commission_amount: '0.2',
      })
    }
    expect((await post('/status', { transaction_uuids }, ctx.stranger)).body.data.transactions).toEqual([])
  })

  it('400 and 422: what cannot be executed', async () => {
    const fixed = { transaction_kind: 'fixed', from_uuid: ctx.alice, to_uuid: ctx.bob }
    expect(blamed(await post('/execute'))).toEqual(badRequest('transaction_kind'))
    expect(blamed(await post('/execute', { ...fixed, transaction_kind: 'nothing' }))).toEqual(
      badRequest('transaction_kind'),
    )
    expect(blamed(await post('/execute', { ...fixed, to_uuid: '', from_uuid: 'x' }))).toEqual(
      badRequest('from_uuid', 'to_uuid'),
    )
    for (const to_uuid of [randomUUID(), ctx.strangers.userIds[0] ?? '', ctx.alice])
      expect(blamed(await post('/execute', { ...fixed, to_uuid }))).toEqual(badRequest('to_uuid'))
    const poor = await ctx.data('POST', '/users', { name: 'Poor' })
    expect(blamed(await post('/execute', { ...fixed, from_uuid: poor.user.id }))).toMatchObject({
      status: 422,
      code: 'INSUFFICIENT_FUNDS',
    })
    expect(blamed(await post('/status', { transaction_uuids: ['x'] }))).toEqual(
      badRequest('transaction_uuids'),
    )
    expect(blamed(await post('/status'))).toEqual(badRequest('transaction_uuids'))
    const uuids = (count: number) => ({
      transaction_uuids: Array.from({ length: count }, () => randomUUID()),
    })
    expect((await post('/status', uuids(100))).status).toBe(200)
    expect(blamed(await post('/status', uuids(101)))).toEqual(badRequest('transaction_uuids'))
  })

  it.each([
    ['POST', '/create', 'types:write'],
    ['POST', '/edit', 'types:write'],
    ['GET', '/list', 'types:read'],
    ['POST', '/execute', 'transactions:write'],
    ['POST', '/status', 'transactions:read'],
  ] as const)('%s %s is guarded', (method, path, scope) =>
    expectGuarded(
      { ...ctx, call: (m, p, params, more) => ctx.call(m, p, params, { ...v0, ...more }) },
      method,
      `/transaction-types${path}`,
      scope,
    ),
  )
})
