import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi, type TestApi } from '#test/support/api.ts'

describe('DELETE /v3/api-keys/{id}', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await startApi()
  })
  afterAll(() => api.close())

  it('204: stops the key within a second, also where it was just used', async () => {
    const key = (await api.request('POST', '/v3/api-keys', { body: { name: 'k', scopes: ['tenant:read'] } }))
      .body
    expect((await api.request('GET', '/v3/tenant', { key: key.secret })).status).toBe(200)
    expect((await api.request('DELETE', `/v3/api-keys/${key.id}`)).status).toBe(204)
    await sleep(1_000)
    const answer = await api.request('GET', '/v3/tenant', { key: key.secret })
    expect(answer.status).toBe(401)
    expect(answer.body.code).toBe('key_revoked')
  })

  it('204: does nothing the second time', async () => {
    const key = (await api.request('POST', '/v3/api-keys', { body: { name: 'k', scopes: ['tenant:read'] } }))
      .body
    await api.request('DELETE', `/v3/api-keys/${key.id}`)
    expect((await api.request('DELETE', `/v3/api-keys/${key.id}`)).status).toBe(204)
    const log = await api.request('GET', `/v3/audit-log?subject_id=${key.id}&action=api_key.revoked`)
    expect(log.body.data).toHaveLength(1)
  })

  it('404: does not touch another tenant’s key', async () => {
    const other = await api.createTenant()
    const answer = await api.request('DELETE', `/v3/api-keys/${other.keyId}`)
    expect(answer.status).toBe(404)
    expect((await api.request('GET', '/v3/tenant', { key: other.key })).status).toBe(200)
  })
})
