import { beforeAll, describe, expect, it } from 'vitest'
import { itIsGuarded, useEconomyApi } from '#test/support/economy-api.ts'

describe('GET /v3/users', () => {
  const ctx = useEconomyApi()
  beforeAll(async () => {
    for (const [external_id, name] of [
      ['a', 'Ada'],
      ['b', 'adam'],
      ['c', 'Bob'],
      ['d', '50%_off'],
    ]) {
      await ctx.create('/v3/users', { external_id, name })
    }
    const { id } = await ctx.create('/v3/users', { external_id: 'old', name: 'Adele' })
    await ctx.call('POST', `/v3/users/${id}/archive`)
  })
  const found = async (query: string) => {
    const { status, body } = await ctx.call('GET', `/v3/users?${query}`)
    expect(status).toBe(200)
    return body.data.map(
      (user: { external_id: string | null; type: string }) => user.external_id ?? user.type,
    )
  }

  describe('200', () => {
    it('lists everybody, the company and the archived among them, newest first', async () => {
      expect(await found('')).toEqual(['old', 'd', 'c', 'b', 'a', 'company'])
      expect(await found('order=asc')).toEqual(['company', 'a', 'b', 'c', 'd', 'old'])
    })

    it.each([
      ['external_id=b', ['b']],
      ['external_id=nobody', []],
      ['type=company', ['company']],
      ['status=archived', ['old']],
      ['name_prefix=ad', ['old', 'b', 'a']],
      ['name_prefix=AD&status=active', ['b', 'a']],
      ['name_prefix=ad&order=asc', ['a', 'b', 'old']],
      ['name_prefix=50%25_', ['d']],
      ['name_prefix=%25', []],
      ['name_prefix=_d', []],
    ])('finds by %s', async (query, users) => {
      expect(await found(query)).toEqual(users)
    })

    it.each(['', '&name_prefix=ad', '&order=asc'])('pages through all of them once (%j)', async (filter) => {
      const all = await found(filter.slice(1))
      const seen: string[] = []
      let cursor: string | null = ''
      while (cursor !== null) {
        const from: string = cursor && `&cursor=${cursor}`
        const { body } = await ctx.call('GET', `/v3/users?limit=2${filter}${from}`)
        seen.push(
          ...body.data.map(
            (user: { external_id: string | null; type: string }) => user.external_id ?? user.type,
          ),
        )
        cursor = body.next_cursor
        expect(body.has_more).toBe(cursor !== null)
      }
      expect(seen).toEqual(all)
    })

    it('shows nothing of another tenant', async () => {
      const { body } = await ctx.call('GET', '/v3/users', { key: ctx.strangerKey })
      expect(body.data.map((user: { type: string }) => user.type)).toEqual(['company'])
    })
  })

  describe('400', () => {
    it.each(['status=gone', 'type=robot', 'limit=0', 'limit=101', 'nope=1'])('refuses %s', async (query) => {
      const answer = await ctx.call('GET', `/v3/users?${query}`)
      expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_request' } })
    })

    it('refuses a cursor of a list with other filters', async () => {
      const { body } = await ctx.call('GET', '/v3/users?limit=1')
      const answer = await ctx.call('GET', `/v3/users?limit=1&status=active&cursor=${body.next_cursor}`)
      expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_cursor' } })
    })
  })

  itIsGuarded(ctx, 'GET', '/v3/users', 'users:read')
})
