import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi, type TestApi } from '#test/support/api.ts'

const grace = { email: 'Grace@Example.com', name: 'Grace', role: 'developer' }

describe('POST /v3/members', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await startApi()
  })
  afterAll(() => api.close())

  describe('201: a new member', () => {
    it('adds a person and writes it into the audit log', async () => {
      const { status, body } = await api.request('POST', '/v3/members', { body: grace })
      expect(status).toBe(201)
      expect(body).toMatchObject({ object: 'member', name: 'Grace', role: 'developer' })
      const log = await api.request('GET', `/v3/audit-log?subject_id=${body.id}`)
      expect(log.body.data).toMatchObject([
        {
          action: 'member.created',
          actor: { type: 'api_key', id: api.tenant.keyId },
          subject: { type: 'member', id: body.id },
        },
      ])
    })
  })

  describe('400: a request that is not valid', () => {
    it('refuses a role that does not exist', async () => {
      const { status, body } = await api.request('POST', '/v3/members', { body: { ...grace, role: 'king' } })
      expect(status).toBe(400)
      expect(body.errors).toEqual([
        { pointer: '/role', detail: 'must be one of owner, admin, developer, viewer' },
      ])
    })

    it('does not bend a number into text', async () => {
      const { status, body } = await api.request('POST', '/v3/members', { body: { ...grace, name: 5 } })
      expect(status).toBe(400)
      expect(body.errors[0].pointer).toBe('/name')
    })
  })

  describe('409: the member exists', () => {
    it('compares e-mail addresses without case', async () => {
      const { status, body } = await api.request('POST', '/v3/members', {
        body: { ...grace, email: 'grace@example.COM' },
      })
      expect(status).toBe(409)
      expect(body.code).toBe('member_exists')
    })

    it('lets another tenant have a member with the same address', async () => {
      const other = await api.createTenant()
      const { status } = await api.request('POST', '/v3/members', { key: other.key, body: grace })
      expect(status).toBe(201)
    })
  })
})
