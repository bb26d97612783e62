import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi, type TestApi } from '#test/support/api.ts'

describe('PATCH /v3/members/{id}', () => {
  let api: TestApi
  let memberId: string
  beforeAll(async () => {
    api = await startApi()
    const body = { email: 'grace@example.com', name: 'Grace', role: 'viewer' }
    memberId = (await api.request('POST', '/v3/members', { body })).body.id
  })
  afterAll(() => api.close())

  const update = (id: string, body: unknown, key?: string) =>
    api.request('PATCH', `/v3/members/${id}`, { body, ...(key && { key }) })

  it('200: gives another role, once', async () => {
    expect((await update(memberId, { role: 'admin' })).body.role).toBe('admin')
    expect((await update(memberId, { role: 'admin' })).status).toBe(200)
    const log = await api.request('GET', `/v3/audit-log?action=member.updated&subject_id=${memberId}`)
    expect(log.body.data).toMatchObject([{ details: { role: { from: 'viewer', to: 'admin' } } }])
  })

  it('400: takes the role and nothing else', async () => {
    const answer = await update(memberId, { role: 'admin', email: 'new@example.com' })
    expect(answer.status).toBe(400)
    expect(answer.body.errors).toEqual([{ pointer: '/email', detail: 'is not a field of this request' }])
  })

  it('404: does not know a member of another tenant', async () => {
    const other = await api.createTenant()
    const answer = await update(memberId, { role: 'viewer' }, other.key)
    expect(answer.status).toBe(404)
    expect(answer.body.code).toBe('member_not_found')
  })

  it('409: keeps the last owner', async () => {
    const answer = await update(api.tenant.ownerId, { role: 'admin' })
    expect(answer.status).toBe(409)
    expect(answer.body.code).toBe('last_owner')
  })

  it('409: leaves one owner when all of them step down at the same moment', async () => {
    const tenant = await api.createTenant()
    const owners = [tenant.ownerId]
    for (const name of ['b', 'c', 'd']) {
      const body = { email: `${name}@example.com`, name, role: 'owner' }
      owners.push((await api.request('POST', '/v3/members', { key: tenant.key, body })).body.id)
    }
    const answers = await Promise.all(owners.map((id) => update(id, { role: 'viewer' }, tenant.key)))
    expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([200, 200, 200, 409])
  })
})
