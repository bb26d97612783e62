import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi, type TestApi } from '#test/support/api.ts'

const OF_EVERY_ANSWER = {
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

describe('security headers', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await startApi()
  })
  afterAll(() => api.close())

  it.each(['/openapi.json', '/v3/tenant', '/nothing-here'])('%s: may be read and not kept', async (path) => {
    const { headers } = await api.request('GET', path, { key: null })
    expect(headers).toMatchObject({
      ...OF_EVERY_ANSWER,
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none';frame-ancestors 'none'",
    })
  })

  it.each(['/docs/', '/graphiql'])(
    '%s: a page tells nobody where it is and shares no process',
    async (path) => {
      const { headers } = await api.request('GET', path, { key: null })
      expect(headers).toMatchObject({
        ...OF_EVERY_ANSWER,
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
      })
      expect(headers['content-security-policy']).toContain("frame-ancestors 'none'")
    },
  )

  it('lets browsers keep the files of the explorer', async () => {
    const { headers } = await api.request('GET', '/graphiql/assets/react.js', { key: null })
    expect(headers['cache-control']).toBe('public, max-age=3600')
  })
})
