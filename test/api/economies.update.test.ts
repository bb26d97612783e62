import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi, type TestApi } from '#test/support/api.ts'

describe('PATCH /v3/economies/{id}', () => {
  let api: TestApi
  let id: string
  beforeAll(async () => {
    api = await startApi()
    id = (await api.createEconomy({ metadata: { a: 1, b: 2 } })).id
  })
  afterAll(() => api.close())

  const update = (body: object, key?: string) =>
    api.request('PATCH', `/v3/economies/${id}`, { body, ...(key && { key }) })

  it('200: renames it and leaves the rest', async () => {
    const { status, body } = await update({ name: 'New name' })
    expect(status).toBe(200)
    expect(body).toMatchObject({ name: 'New name', metadata: { a: 1, b: 2 } })
    expect((await api.request('GET', `/v3/economies/${id}`)).body).toEqual(body)
  })

  it('200: replaces the metadata as a whole', async () => {
    expect((await update({ metadata: { c: true } })).body.metadata).toEqual({ c: true })
    expect((await update({ metadata: {} })).body.metadata).toEqual({})
  })

  it.each([{}, { symbol: 'NEW' }, { status: 'active' }, { initial_grant: '1' }])(
    '400: refuses %j',
    async (body) => {
      expect((await update(body)).status).toBe(400)
    },
  )

  it('404: does not know another tenant’s economy', async () => {
    const answer = await update({ name: 'Mine' }, (await api.createTenant()).key)
    expect(answer.status).toBe(404)
    expect(answer.body.code).toBe('economy_not_found')
  })
})
