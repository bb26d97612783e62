import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi, type TestApi } from '#test/support/api.ts'

const grace = { email: 'grace@example.com', name: 'Grace', role: 'viewer' }

describe('DELETE /v3/members/{id}', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await startApi()
  })
  afterAll(() => api.close())

  it('204: removes the member, whose address may be added again', async () => {
    const first = await api.request('POST', '/v3/members', { body: grace })
    const removed = await api.request('DELETE', `/v3/members/${first.body.id}`)
    expect(removed.status).toBe(204)
    expect(removed.body).toBe('')
    expect((await api.request('GET', `/v3/members/${first.body.id}`)).status).toBe(404)
    const second = await api.request('POST', '/v3/members', { body: grace })
    expect(second.status).toBe(201)
    expect(second.body.id).not.toBe(first.body.id)
  })

  it('404: does not know a member twice', async () => {
    const member = await api.request('POST', '/v3/members', {
      body: { ...grace, email: 'twice@example.com' },
    })
    await api.request('DELETE', `/v3/members/${member.body.id}`)
    const answer = await api.request('DELETE', `/v3/members/${member.body.id}`)
    expect(answer.status).toBe(404)
    expect(answer.body.code).toBe('member_not_found')
  })

  it('409: keeps the last owner', async () => {
    const answer = await api.request('DELETE', `/v3/members/${api.tenant.ownerId}`)
    expect(answer.status).toBe(409)
    expect(answer.body.code).toBe('last_owner')
  })
})
