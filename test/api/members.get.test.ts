import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi, type TestApi } from '#test/support/api.ts'

describe('GET /v3/members/{id}', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await startApi()
  })
  afterAll(() => api.close())

  it('200: shows the member', async () => {
    const { status, body } = await api.request('GET', `/v3/members/${api.tenant.ownerId}`)
    expect(status).toBe(200)
    expect(body).toMatchObject({ id: api.tenant.ownerId, email: 'ada@example.com', role: 'owner' })
  })

  it('404: a member of another tenant answers exactly as one that never was', async () => {
    const other = await api.createTenant()
    const theirs = await api.request('GET', `/v3/members/${other.ownerId}`)
    const never = await api.request('GET', '/v3/members/mem_00000000000000000000000000')
    expect(theirs.status).toBe(404)
    expect(theirs.body.code).toBe('member_not_found')
    const anonymous = ({ instance: _i, request_id: _r, ...rest }: Record<string, unknown>) => rest
    expect(anonymous(theirs.body)).toEqual(anonymous(never.body))
  })

  it.each(['usr_00000000000000000000000000', 'mem_short', 'nonsense'])('404: %s is no member', async (id) => {
    const { status, body } = await api.request('GET', `/v3/members/${id}`)
    expect(status).toBe(404)
    expect(body.code).toBe('member_not_found')
  })
})
