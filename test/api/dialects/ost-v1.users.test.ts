import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { badRequest, blamed, expectGuarded, notFound, useOstV1Api } from '#test/support/ost-v1-api.ts'

describe('users of 2018', () => {
  const ctx = useOstV1Api()
  const create = async (name: string) => (await ctx.data('POST', '/users', { name })).user

  it('are created with a name, on one utility chain, with nothing', async () => {
    const data = await ctx.data('POST', '/users', { name: '  Alice B ' })
    expect(data).toEqual({
      result_type: 'user',
      user: {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        addresses: [['31002', expect.stringMatching(/^0x[0-9a-f]{40}$/)]],
        name: 'Alice B',
        airdropped_tokens: '0',
        token_balance: '0',
      },
    })
  })

  it.each(['js', 'java', 'ruby', 'php'] as const)('are created by the %s SDK', async (sdk) => {
    expect((await ctx.data('POST', '/users', { name: 'Sdk User' }, { sdk })).user.name).toBe('Sdk User')
  })

  it('are the same under /v1', async () => {
    const user = await create('Versioned')
    expect((await ctx.data('GET', `/users/${user.id}`, {}, { base: '/v1' })).user).toEqual(user)
  })

  it.each([{}, { name: '' }, { name: '  ' }])('may have no name: %o', async (params) => {
    expect((await ctx.data('POST', '/users', params)).user.name).toBeNull()
  })

  it.each(['ab', 'x'.repeat(21), 'Mr. Dot', 'äöü', "'; DROP TABLE", 'what shit this'])(
    'have no such name: %s',
    async (name) => {
      expect(blamed(await ctx.call('POST', '/users', { name }))).toEqual(badRequest('name'))
    },
  )

  it.each(['abc', '123', 'Twenty letters and 1', 'Two Users', 'Two Users'])(
    'may be called %s',
    async (name) => {
      expect((await ctx.data('POST', '/users', { name })).user.name).toBe(name)
    },
  )

  it('have one name', async () => {
    expect(blamed(await ctx.call('POST', '/users', { name: ['Alice', 'Bob'] }))).toEqual(badRequest('name'))
  })

  describe('POST /users/{id}', () => {
    it('renames, and takes the id among the parameters, as the JS SDK sends it', async () => {
      const { id } = await create('Before')
      expect((await ctx.data('POST', `/users/${id}`, { id, name: 'After' })).user).toMatchObject({
        id,
        name: 'After',
      })
      expect((await ctx.data('GET', `/users/${id}`, { id })).user.name).toBe('After')
    })

    it('needs a name', async () => {
      const { id } = await create('Nameless')
      expect(blamed(await ctx.call('POST', `/users/${id}`))).toEqual(badRequest('name'))
    })

    it('400 for what is no id, 404 for no user, another tenant’s and the company', async () => {
      expect(blamed(await ctx.call('POST', '/users/nonsense', { name: 'Name' }))).toEqual(badRequest('id'))
      const others = [randomUUID(), ctx.strangers.userIds[0], ctx.economy.companyId]
      for (const id of others)
        expect(blamed(await ctx.call('POST', `/users/${id}`, { name: 'Stolen' }))).toEqual(notFound)
      const rows = await ctx.api.sql('SELECT name FROM economy_user WHERE name = $1', ['Stolen'])
      expect(rows).toEqual([])
    })

    it('is guarded', () => expectGuarded(ctx, 'POST', `/users/${ctx.alice}`, 'users:write'))
  })

  describe('GET /users/{id}', () => {
    it('400 for every id that is no user of the economy', async () => {
      for (const id of ['nonsense', randomUUID(), ctx.strangers.userIds[0], ctx.economy.companyId])
        expect(blamed(await ctx.call('GET', `/users/${id}`))).toEqual(badRequest('id'))
    })

    it('is guarded', () => expectGuarded(ctx, 'GET', `/users/${ctx.alice}`, 'users:read'))
  })

  describe('GET /users', () => {
    it('lists newest first, ten to a page, and says how to ask for the next', async () => {
      for (let index = 0; index < 12; index += 1) await create(`Listed ${index}`)
      const first = await ctx.data('GET', '/users')
      expect(Object.keys(first)).toEqual(['result_type', 'users', 'meta'])
      expect(first.users).toHaveLength(10)
      expect(first.users[0].name).toBe('Listed 11')
      expect(first.meta).toEqual({
        next_page_payload: { order_by: 'created', order: 'desc', page_no: 2, limit: 10 },
      })
      const second = await ctx.data('GET', '/users', first.meta.next_page_payload)
      expect(second.users[1].name).toBe('Listed 0')
      const ids = [...first.users, ...second.users].map(({ id }: { id: string }) => id)
      expect(new Set(ids).size).toBe(ids.length)
    })

    it('says nothing of a next page on the last one', async () => {
      expect((await ctx.data('GET', '/users', { limit: 100 })).meta).toEqual({ next_page_payload: {} })
    })

    it('orders by name, either way', async () => {
      const names = async (order: string) =>
        (await ctx.data('GET', '/users', { order_by: 'name', order, limit: 100 })).users.flatMap(
          ({ name }: { name: string | null }) => (name === null ? [] : [name.toLowerCase()]),
        )
      const up = await names('ASC')
      expect(up).toEqual(up.toSorted())
      expect(await names('desc')).toEqual(up.toReversed())
    })

    it('finds users by their ids, of this economy only', async () => {
      const id = [ctx.alice, ctx.bob, ctx.strangers.userIds[0]].join(',')
      const { users, meta } = await ctx.data('GET', '/users', { id, limit: 1 })
      expect(users).toHaveLength(1)
      expect(meta.next_page_payload).toMatchObject({ id, page_no: 2 })
      const all = (await ctx.data('GET', '/users', { id })).users.map((user: { id: string }) => user.id)
      expect(all.toSorted()).toEqual([ctx.alice, ctx.bob].toSorted())
    })

    it('finds who was ever airdropped, and who was not', async () => {
      await ctx.airdrop(ctx.bob, 5n)
      const ids = async (airdropped: string) =>
        (await ctx.data('GET', '/users', { airdropped, limit: 100 })).users.map(
          (user: { id: string }) => user.id,
        )
      expect(await ids('true')).toEqual([ctx.bob])
      expect(await ids('false')).toContain(ctx.alice)
      expect(await ids('false')).not.toContain(ctx.bob)
    })

    it('takes pages, limits and lists of ids up to their bounds', async () => {
      const id = Array.from({ length: 100 }, () => randomUUID()).join(',')
      for (const params of [{ page_no: 1_000 }, { page_no: 1 }, { limit: 1 }, { limit: 100 }, { id }])
        expect((await ctx.call('GET', '/users', params as { limit: number })).status).toBe(200)
    })

    it('sends its filters back for the next page', async () => {
      const { meta } = await ctx.data('GET', '/users', { airdropped: 'false', limit: 1 })
      expect(meta.next_page_payload).toEqual({
        order_by: 'created',
        order: 'desc',
        page_no: 2,
        limit: 1,
        airdropped: 'false',
      })
    })

    it.each([
      ['page_no', ''],
      ['page_no', '0'],
      ['page_no', '1001'],
      ['page_no', 'x'],
      ['limit', ''],
      ['limit', '0'],
      ['limit', '101'],
      ['limit', '1.5'],
      ['order', 'up'],
      ['order_by', 'id'],
      ['airdropped', 'maybe'],
      ['id', 'nonsense'],
      ['id', Array.from({ length: 101 }, () => randomUUID()).join(',')],
    ])('400: %s %s', async (name, value) => {
      expect(blamed(await ctx.call('GET', '/users', { [name]: value }))).toEqual(badRequest(name))
    })

    it('names page_no before limit where both are wrong', async () => {
      expect(blamed(await ctx.call('GET', '/users', { limit: 0, page_no: 0 }))).toEqual(
        badRequest('page_no', 'limit'),
      )
    })

    it('takes a blank order for the usual one', async () => {
      expect((await ctx.call('GET', '/users', { order: '', order_by: '' })).status).toBe(200)
    })

    it('is guarded', () => expectGuarded(ctx, 'GET', '/users', 'users:read'))
  })

  it('POST /users is guarded', () => expectGuarded(ctx, 'POST', '/users', 'users:write'))
})
