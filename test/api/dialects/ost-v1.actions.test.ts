import { describe, expect, it } from 'vitest'
import { toWire } from '#apps/api/presenters/wire-id.ts'
import { DATA_SCOPES } from '#core/tenant/scopes.ts'
import type { Params } from '#test/support/ost-sdk.ts'
import { badRequest, blamed, expectGuarded, notFound, useOstV1Api } from '#test/support/ost-v1-api.ts'

describe('actions of 2018', () => {
  const ctx = useOstV1Api()
  let count = 0
  const aName = () => `Action ${(count += 1)}`
  const fixed = { kind: 'user_to_user', currency: 'USD', arbitrary_amount: false, amount: '1' }
  const create = async (params: Params) =>
    (await ctx.data('POST', '/actions', { name: aName(), ...fixed, commission_percent: '1', ...params }))
      .action
  const refused = async (params: Params) =>
    blamed(
      await ctx.call('POST', '/actions', { name: aName(), ...fixed, commission_percent: '1', ...params }),
    )

  describe('POST /actions', () => {
    it('creates one with a fixed amount and share; its id is a whole number as text', async () => {
      const data = await ctx.data('POST', '/actions', {
        name: ' Like ',
        kind: 'user_to_user',
        currency: 'usd',
        arbitrary_amount: 'false',
        amount: '0.2',
        arbitrary_commission: 'false',
        commission_percent: '1.5',
      })
      expect(data).toEqual({
        result_type: 'action',
        action: {
          id: expect.stringMatching(/^1000\d$/),
          name: 'Like',
          kind: 'user_to_user',
          currency: 'USD',
          amount: '0.2000',
          arbitrary_amount: false,
          commission_percent: '1.50',
          arbitrary_commission: false,
        },
      })
    })

    it('creates one of each other form', async () => {
      expect(await create({ currency: 'BT', amount: '0.00001' })).toMatchObject({
        currency: 'BT',
        amount: '0.00001',
      })
      const { amount: _amount, ...open } = fixed
      expect(
        (
          await ctx.data('POST', '/actions', {
            name: aName(),
            ...open,
            arbitrary_amount: 'true',
            arbitrary_commission: 'true',
          })
        ).action,
      ).toMatchObject({
        amount: null,
        arbitrary_amount: true,
        commission_percent: null,
        arbitrary_commission: true,
      })
      expect(await create({ commission_percent: '0' })).toMatchObject({
        commission_percent: '0.00',
        arbitrary_commission: false,
      })
      for (const kind of ['company_to_user', 'user_to_company'])
        expect((await ctx.data('POST', '/actions', { name: aName(), ...fixed, kind })).action).toMatchObject({
          kind,
          commission_percent: null,
          arbitrary_commission: null,
        })
    })

    it('leaves the share to each transaction where nothing is said of it', async () => {
      const { action } = await ctx.data('POST', '/actions', { name: aName(), ...fixed })
      expect(action).toMatchObject({ arbitrary_commission: true, commission_percent: null })
    })

    it('takes kind and currency in any case, and every amount and share up to its bounds', async () => {
      expect(await create({ kind: 'USER_TO_USER', currency: 'Bt' })).toMatchObject({
        kind: 'user_to_user',
        currency: 'BT',
      })
      for (const [currency, amount] of [
        ['USD', '0.01'],
        ['USD', '100'],
        ['BT', '0.00001'],
        ['BT', '100'],
      ] as const)
        expect((await create({ currency, amount })).arbitrary_amount).toBe(false)
      expect((await create({ commission_percent: '100' })).commission_percent).toBe('100.00')
      for (const name of ['abc', 'Twenty letters and 1']) expect((await create({ name })).name).toBe(name)
    })

    it('400: names everything that is missing', async () => {
      expect(blamed(await ctx.call('POST', '/actions'))).toEqual(
        badRequest('name', 'kind', 'currency', 'arbitrary_amount'),
      )
    })

    it.each([
      [{ name: 'ab' }, 'name'],
      [{ name: 'tip' }, 'name'],
      [{ name: 'TIP' }, 'name'],
      [{ name: 'OST airdrop', kind: 'nobody_to_all' }, 'kind'],
      [{ currency: 'EUR' }, 'currency'],
      [{ arbitrary_amount: 'perhaps' }, 'arbitrary_amount'],
      [{ arbitrary_amount: 'true' }, 'amount'],
      [{ amount: '' }, 'amount'],
      [{ amount: '0.009' }, 'amount'],
      [{ amount: '100.01' }, 'amount'],
      [{ amount: '-1' }, 'amount'],
      [{ amount: '1e1' }, 'amount'],
      [{ currency: 'BT', amount: '0.000009' }, 'amount'],
      [{ currency: 'BT', amount: '100.00001' }, 'amount'],
      [{ name: 'Twenty letters and 12' }, 'name'],
      [{ name: 'what shit this' }, 'name'],
      [
        { kind: 'user_to_company', arbitrary_commission: 'true', commission_percent: '' },
        'arbitrary_commission',
      ],
      [{ arbitrary_commission: 'perhaps', commission_percent: '' }, 'arbitrary_commission'],
      [{ commission_percent: '100.01' }, 'commission_percent'],
      [{ commission_percent: '-1' }, 'commission_percent'],
      [{ arbitrary_commission: 'true' }, 'commission_percent'],
      [{ commission_percent: '', arbitrary_commission: 'false' }, 'commission_percent'],
      [{ kind: 'company_to_user' }, 'commission_percent'],
    ] as [Params, string][])('400: %o', async (params, parameter) => {
      expect(await refused(params)).toEqual(badRequest(parameter))
    })

    it('is guarded', () => expectGuarded(ctx, 'POST', '/actions', 'types:write'))
  })

  describe('POST /actions/{id}', () => {
    const change = (id: string, params: Params) => ctx.call('POST', `/actions/${id}`, params)

    it('changes what is sent, and leaves the rest', async () => {
      const { id } = await create({})
      const name = aName()
      expect((await change(id, { name })).body.data.action).toMatchObject({ id, name, amount: '1.0000' })
      expect((await change(id, { amount: '2' })).body.data.action).toMatchObject({ name, amount: '2.0000' })
      expect((await change(id, { arbitrary_amount: 'true' })).body.data.action).toMatchObject({
        amount: null,
        commission_percent: '1.00',
      })
      expect((await change(id, { arbitrary_commission: 'true' })).body.data.action).toMatchObject({
        arbitrary_commission: true,
        commission_percent: null,
      })
      expect(
        (await change(id, { currency: 'BT', amount: '3', arbitrary_amount: 'false' })).body.data.action,
      ).toMatchObject({
        currency: 'BT',
        amount: '3.0000',
      })
    })

    it('keeps the share where it is only said that it is none of each transaction', async () => {
      const { id } = await create({ commission_percent: '7' })
      expect((await change(id, { arbitrary_commission: 'false' })).body.data.action).toMatchObject({
        commission_percent: '7.00',
        arbitrary_commission: false,
      })
      await change(id, { arbitrary_commission: 'true' })
      expect(blamed(await change(id, { arbitrary_commission: 'false' }))).toEqual(
        badRequest('arbitrary_commission'),
      )
    })

    it('changes the currency together with the amount, or leaves the amount to each transaction', async () => {
      const { id } = await create({})
      expect((await change(id, { currency: 'BT', amount: '4' })).body.data.action).toMatchObject({
        currency: 'BT',
        amount: '4.0000',
      })
      expect(
        (await change(id, { currency: 'USD', arbitrary_amount: 'true' })).body.data.action,
      ).toMatchObject({
        currency: 'USD',
        amount: null,
      })
    })

    it('400: a share of what the company pays or gets', async () => {
      const { id } = (
        await ctx.data('POST', '/actions', { name: aName(), ...fixed, kind: 'company_to_user' })
      ).action
      for (const params of [{ commission_percent: '1' }, { arbitrary_commission: 'true' }])
        expect(blamed(await change(id, params as Params))).toEqual(badRequest(Object.keys(params)[0] ?? ''))
    })

    it('does not change the kind', async () => {
      const { id } = await create({})
      expect((await change(id, { kind: 'company_to_user' })).body.data.action.kind).toBe('user_to_user')
    })

    it('400: a share alone while it is left to each transaction', async () => {
      const { commission_percent: _share, ...open } = { ...fixed, commission_percent: '1' }
      const { id } = (
        await ctx.data('POST', '/actions', { name: aName(), ...open, arbitrary_commission: 'true' })
      ).action
      expect(blamed(await change(id, { commission_percent: '5' }))).toEqual(badRequest('commission_percent'))
    })

    it.each([
      [{ currency: 'BT' }, 'amount'],
      [{ arbitrary_amount: 'false' }, 'amount'],
      [{ arbitrary_amount: 'x' }, 'arbitrary_amount'],
      [{ name: 'tip' }, 'name'],
    ] as [Params, string][])('400: %o', async (params, parameter) => {
      const { id } = await create({})
      expect(blamed(await change(id, params))).toEqual(badRequest(parameter))
    })

    it('400 for every id that is no action of the economy', async () => {
      const strangers = (await ctx.data('GET', '/actions', { name: 'tip' }, { as: ctx.stranger })).actions[0]
      const own = (await ctx.data('GET', '/actions', { name: 'tip' })).actions[0]
      // Ids count in each economy: the same number is another action here.
      expect(strangers.id).toBe(own.id)
      for (const id of ['99999', 'nonsense', '0', '99999999999999999999'])
        expect(blamed(await change(id, { name: aName() }))).toEqual(badRequest('id'))
      await change(own.id, { name: 'Own tip' })
      expect((await ctx.data('GET', `/actions/${own.id}`, {}, { as: ctx.stranger })).action.name).toBe('tip')
      await change(own.id, { name: 'tip' })
    })

    it('is guarded', () => expectGuarded(ctx, 'POST', '/actions/10001', 'types:write'))
  })

  describe('GET /actions/{id}', () => {
    it('404 for what is no action', async () => {
      for (const id of ['99999', 'nonsense', '99999999999999999999'])
        expect(blamed(await ctx.call('GET', `/actions/${id}`))).toEqual(notFound)
    })

    it('is guarded', () => expectGuarded(ctx, 'GET', '/actions/10001', 'types:read'))
  })

  describe('GET /actions', () => {
    const names = async (params: Params) =>
      (await ctx.data('GET', '/actions', { limit: 100, ...params })).actions.map(
        ({ name }: { name: string }) => name,
      )

    it('lists with exactly these keys', async () => {
      const data = await ctx.data('GET', '/actions', { limit: 1, kind: 'user_to_user' })
      expect(Object.keys(data)).toEqual(['result_type', 'actions', 'meta'])
      expect(data.meta.next_page_payload).toEqual({
        order_by: 'created',
        order: 'desc',
        page_no: 2,
        limit: 1,
        kind: 'user_to_user',
      })
    })

    it('filters by id, name, kind and currency, each a list', async () => {
      const [one, two] = [await create({ currency: 'BT' }), await create({})]
      expect(await names({ id: `${one.id},${two.id}` })).toEqual([two.name, one.name])
      expect(await names({ name: `${one.name.toUpperCase()},${two.name}`, order: 'asc' })).toEqual([
        one.name,
        two.name,
      ])
      expect(await names({ name: `${one.name},${two.name}`, currency: 'bt' })).toEqual([one.name])
      expect(await names({ kind: 'company_to_user,user_to_company' })).not.toContain(one.name)
    })

    it('orders by name, either way', async () => {
      const up = await names({ order_by: 'name', order: 'Asc' })
      expect(up.length).toBeGreaterThan(3)
      expect(up.map((name: string) => name.toLowerCase())).toEqual(
        up.map((name: string) => name.toLowerCase()).toSorted(),
      )
      expect(await names({ order_by: 'name', order: 'desc' })).toEqual(up.toReversed())
    })

    it('sends every filter back for the next page', async () => {
      const filters = {
        kind: 'user_to_user',
        currency: 'USD',
        arbitrary_amount: 'false',
        arbitrary_commission: 'false',
      }
      const { meta } = await ctx.data('GET', '/actions', { ...filters, limit: 1 })
      expect(meta.next_page_payload).toEqual({
        order_by: 'created',
        order: 'desc',
        page_no: 2,
        limit: 1,
        ...filters,
      })
      const { actions } = await ctx.data('GET', '/actions', meta.next_page_payload)
      expect(actions).toHaveLength(1)
    })

    it('arbitrary_amount: whether an amount is stored', async () => {
      expect(await names({ arbitrary_amount: 'true' })).toContain('tip')
      expect(await names({ arbitrary_amount: 'false' })).toContain('fixed')
      expect(await names({ arbitrary_amount: 'false' })).not.toContain('tip')
    })

    it('arbitrary_commission: true with the company kinds, false only above 0 %', async () => {
      const none = await create({ commission_percent: '0' })
      const [yes, no] = [
        await names({ arbitrary_commission: 'true' }),
        await names({ arbitrary_commission: 'false' }),
      ]
      expect(yes).toEqual(expect.arrayContaining(['reward', 'purchase']))
      expect(no).toContain('tip')
      for (const name of ['reward', 'purchase', none.name]) expect(no).not.toContain(name)
    })

    it.each([
      ['kind', 'nobody_to_all'],
      ['currency', 'EUR'],
      ['arbitrary_amount', 'true,false'],
      ['arbitrary_commission', 'x'],
      ['id', 'x'],
      ['page_no', '-1'],
    ])('400: %s %s', async (name, value) => {
      expect(blamed(await ctx.call('GET', '/actions', { [name]: value }))).toEqual(badRequest(name))
    })

    it('is guarded', () => expectGuarded(ctx, 'GET', '/actions', 'types:read'))
  })

  it('are four samples in an economy that has none when its first key of 2018 is made', async () => {
    const economy = await ctx.api.createEconomy()
    const body = {
      name: 'SDK',
      economy_id: economy.id,
      scopes: [...DATA_SCOPES],
      signing: { algorithm: 'ost-v1' },
    }
    const issue = async () => (await ctx.api.request('POST', '/v3/api-keys', { body })).body
    const issued = await issue()
    await issue()
    const as = { key: issued.signing.public_key, secret: issued.signing_secret }
    const { actions } = await ctx.data('GET', '/actions', { order: 'asc' }, { as })
    expect(actions.map(({ id }: { id: string }) => id)).toEqual(['10001', '10002', '10003', '10004'])
    const [row] = await ctx.api.sql(
      'SELECT count(*)::int AS count FROM transaction_type t JOIN economy e ON e.id = t.economy_id WHERE e.company_user_id = $1',
      [(await ctx.data('GET', '/token', {}, { as })).token.company_uuid],
    )
    expect(row).toEqual({ count: 4 })
    expect(toWire('eco', ctx.economy.economyId)).not.toBe(economy.id)
  })
})
