import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi, type TestApi } from '#test/support/api.ts'

describe('GET /v3/audit-log', () => {
  let api: TestApi
  let between: string
  beforeAll(async () => {
    api = await startApi()
    await api.createKey()
    await new Promise((resolve) => setTimeout(resolve, 5))
    between = new Date().toISOString()
    await api.request('POST', '/v3/members', {
      body: { email: 'grace@example.com', name: 'Grace', role: 'viewer' },
      headers: { 'x-request-id': 'my-request-1' },
      ip: '198.51.100.7',
    })
  })
  afterAll(() => api.close())

  const actions = async (query: string) => {
    const { body } = await api.request('GET', `/v3/audit-log${query}`)
    return body.data.map((entry: { action: string }) => entry.action)
  }

  it('200: tells who did what, from where, in which request', async () => {
    const { body } = await api.request('GET', '/v3/audit-log?limit=1')
    expect(body.data).toMatchObject([
      {
        object: 'audit_entry',
        action: 'member.created',
        actor: { type: 'api_key', id: api.tenant.keyId },
        subject: { type: 'member' },
        details: { email: 'grace@example.com', role: 'viewer' },
        ip: '198.51.100.7',
        request_id: 'my-request-1',
      },
    ])
  })

  it('200: begins with the creation of the tenant by the operator', async () => {
    const { body } = await api.request('GET', '/v3/audit-log?order=asc&limit=1')
    expect(body.data).toMatchObject([
      { action: 'tenant.created', actor: { type: 'operator', id: 'operator' } },
    ])
  })

  it('200: filters by action, subject and time', async () => {
    expect(await actions('?action=api_key.created')).toEqual(['api_key.created'])
    expect(await actions('?subject_type=member')).toEqual(['member.created'])
    expect(await actions(`?subject_id=${api.tenant.id}`)).toEqual(['tenant.created'])
    expect(await actions(`?since=${between}`)).toEqual(['member.created'])
    expect(await actions(`?until=${between}`)).toEqual(['api_key.created', 'tenant.created'])
  })

  it('200: shows nothing of another tenant', async () => {
    const other = await api.createTenant()
    const { body } = await api.request('GET', '/v3/audit-log', { key: other.key })
    expect(body.data).toHaveLength(1)
  })

  it.each([
    '?since=yesterday',
    '?subject_type=planet',
    '?subject_id=5',
    '?subject_type=member&subject_id=key_01k0g2qz5me93tnsy1xq2zc7ah',
  ])('400: refuses %s', async (query) => {
    const { status, body } = await api.request('GET', `/v3/audit-log${query}`)
    expect(status).toBe(400)
    expect(body.code).toBe('invalid_request')
  })

  it('keeps its entries from being changed or removed', async () => {
    await expect(api.sql("UPDATE audit_log SET action = 'x'")).rejects.toThrow('append-only')
    await expect(api.sql('DELETE FROM audit_log')).rejects.toThrow('append-only')
  })
})
