import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { wireErrorOf } from '#apps/api/plugins/problem.ts'
import { describedAnswer, type OpenApi } from '#test/support/answers.ts'
import { startApi, type TestApi } from '#test/support/api.ts'

interface Operation {
  operationId?: string
  summary?: string
  tags?: string[]
  security?: object[]
  parameters?: { name: string; in: string }[]
  responses: OpenApi['paths'][string][string]['responses']
}

describe('the API described', () => {
  let api: TestApi
  let operations: [string, Operation][]
  let components: OpenApi['components']
  beforeAll(async () => {
    api = await startApi()
    const { body } = await api.request('GET', '/openapi.json', { key: null })
    components = body.components
    operations = Object.entries(body.paths as Record<string, Record<string, Operation>>).flatMap(
      ([path, methods]) =>
        Object.entries(methods).map(([method, operation]): [string, Operation] => [
          `${method} ${path}`,
          operation,
        ]),
    )
  })
  afterAll(() => api.close())

  describe('GET /openapi.json', () => {
    it('names and describes every operation once', () => {
      const ids = operations.map(([, operation]) => operation.operationId)
      expect(new Set(ids).size).toBe(ids.length)
      for (const [name, { operationId, summary, tags }] of operations) {
        expect([name, operationId && summary && tags?.length]).toEqual([name, 1])
      }
    })

    it('tells of every answer in words', () => {
      for (const [name, { responses }] of operations) {
        for (const answer of Object.values(responses))
          expect(describedAnswer({ components }, answer)?.description, name).toMatch(/^(?!Default Response)./)
      }
    })

    it('asks for a key wherever there is a 401, and nowhere else', () => {
      for (const [name, { security = [], responses }] of operations) {
        // Signing in is asked of nobody, and may fail.
        if (/ \/v3\/auth\/(sign-in|refresh|accept-invitation)$/.test(name)) expect(security).toEqual([])
        else expect([name, security.length > 0]).toEqual([name, '401' in responses])
      }
    })

    it('offers the Idempotency-Key on every POST of /v3', () => {
      for (const [name, { parameters = [] }] of operations) {
        const offered = parameters.some((parameter) => parameter.name === 'Idempotency-Key')
        expect([name, offered]).toEqual([name, name.startsWith('post /v3/')])
      }
    })

    it('gives resources names', async () => {
      const { body } = await api.request('GET', '/openapi.json', { key: null })
      expect(Object.keys(body.components.schemas)).toEqual(
        expect.arrayContaining([
          'Problem',
          'Tenant',
          'Member',
          'ApiKey',
          'IssuedApiKey',
          'Economy',
          'AuditEntry',
        ]),
      )
      expect(body.openapi).toBe('3.1.0')
    })
  })

  describe('GET /docs/', () => {
    it('is a page that loads everything from here and may load nothing from elsewhere', async () => {
      const page = await api.request('GET', '/docs/', { key: null })
      expect(page.status).toBe(200)
      const sources = [...String(page.body).matchAll(/(?:src|href)="([^"]+)"/g)].map(([, source]) => source)
      expect(sources).toEqual(['js/scalar.js'])
      const policy = String(page.headers['content-security-policy'])
      expect(policy).toContain("default-src 'none'")
      expect(policy).not.toMatch(/https?:/)
      const script = await api.request('GET', '/docs/js/scalar.js', { key: null })
      expect(script.headers['content-type']).toContain('javascript')
    })
  })

  describe('GET /errors/{code}', () => {
    it('explains every code that a problem’s type leads to', async () => {
      for (const code of Object.keys(wireErrorOf)) {
        expect(await api.request('GET', `/errors/${code}`, { key: null })).toMatchObject({
          status: 200,
          body: { code },
        })
      }
    })

    it('404: does not know a code that is none', async () => {
      for (const code of ['nothing', 'toString', '__proto__']) {
        expect((await api.request('GET', `/errors/${code}`, { key: null })).status).toBe(404)
      }
    })
  })
})
