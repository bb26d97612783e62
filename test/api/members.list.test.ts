import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi, type TestApi } from '#test/support/api.ts'

describe('GET /v3/members', () => {
  let api: TestApi
  const ids: string[] = []
  beforeAll(async () => {
    api = await startApi()
    ids.push(api.tenant.ownerId)
    for (const name of ['a', 'b', 'c', 'd']) {
      const body = { email: `${name}@example.com`, name, role: 'viewer' }
      ids.push((await api.request('POST', '/v3/members', { body })).body.id)
    }
  })
  afterAll(() => api.close())

  const idsOf = (answer: { body: { data: { id: string }[] } }) => answer.body.data.map((member) => member.id)

  describe('200: a page', () => {
    it('lists the newest first', async () => {
      const answer = await api.request('GET', '/v3/members')
      expect(idsOf(answer)).toEqual(ids.toReversed())
      expect(answer.body).toMatchObject({ object: 'list', has_more: false, next_cursor: null })
    })

    it('walks through all of them page by page', async () => {
      const seen: string[] = []
      let url = '/v3/members?limit=2&order=asc'
      for (let page = 0; page < 5 && url !== ''; page += 1) {
        const answer = await api.request('GET', url)
        seen.push(...idsOf(answer))
        url = answer.body.has_more ? `/v3/members?limit=2&order=asc&cursor=${answer.body.next_cursor}` : ''
      }
      expect(seen).toEqual(ids)
    })

    it('shows no member of another tenant', async () => {
      const other = await api.createTenant()
      const answer = await api.request('GET', '/v3/members', { key: other.key })
      expect(idsOf(answer)).toEqual([other.ownerId])
    })
  })

  describe('400: a query that is not valid', () => {
    it.each(['limit=0', 'limit=101', 'limit=ten', 'order=up', 'colour=red'])('refuses ?%s', async (query) => {
      const answer = await api.request('GET', `/v3/members?${query}`)
      expect(answer.status).toBe(400)
      expect(answer.body.code).toBe('invalid_request')
      expect(answer.body.errors[0].pointer).toBe(`?${query.split('=')[0]}`)
    })

    it('refuses a cursor that was changed, invented, or made for another list or tenant', async () => {
      const { body } = await api.request('GET', '/v3/members?limit=2')
      const other = await api.createTenant()
      const cursor: string = body.next_cursor
      const attempts = [
        api.request('GET', `/v3/members?cursor=${cursor.slice(0, -2)}AA`),
        api.request('GET', '/v3/members?cursor=x'),
        api.request('GET', `/v3/members?order=asc&cursor=${cursor}`),
        api.request('GET', `/v3/api-keys?cursor=${cursor}`),
        api.request('GET', `/v3/members?cursor=${cursor}`, { key: other.key }),
      ]
      for (const answer of await Promise.all(attempts)) {
        expect(answer.status).toBe(400)
        expect(answer.body.code).toBe('invalid_cursor')
      }
    })

    it('lets the size of the page change on the way', async () => {
      const { body } = await api.request('GET', '/v3/members?limit=2')
      const answer = await api.request('GET', `/v3/members?limit=100&cursor=${body.next_cursor}`)
      expect(answer.status).toBe(200)
      expect(answer.body.data).toHaveLength(3)
    })
  })
})
