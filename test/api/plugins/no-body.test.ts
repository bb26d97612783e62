import { afterAll, beforeAll, expect, it } from 'vitest'
import { toWire } from '#apps/api/presenters/wire-id.ts'
import { startApi, type TestApi } from '#test/support/api.ts'

const UNKNOWN = '01a00000-0000-7000-8000-000000000000'

let api: TestApi
beforeAll(async () => {
  api = await startApi()
})
afterAll(() => api.close())

interface Described {
  requestBody?: object
  parameters?: { in: string; name: string; example?: string }[]
}

it('every route of /v3 that takes no body refuses one that says something, and takes an empty one', async () => {
  const { id: economy } = await api.createEconomy()
  const { body: document } = await api.request('GET', '/openapi.json', { key: null })
  const routes = Object.entries(document.paths as Record<string, Record<string, Described>>).flatMap(
    ([path, methods]) =>
      Object.entries(methods)
        .filter(([method, { requestBody }]) => path.startsWith('/v3/') && method !== 'get' && !requestBody)
        .map(([method, { parameters = [] }]) => ({
          method: method.toUpperCase() as 'POST' | 'DELETE',
          url: path.replaceAll(/\{(\w+)\}/g, (_match, name: string) => {
            const prefix = parameters.find((one) => one.name === name)?.example?.slice(0, 3) ?? 'usr'
            return toWire(prefix as 'usr', UNKNOWN)
          }),
          isOperators: path.startsWith('/v3/platform'),
        })),
  )
  expect(routes.length).toBeGreaterThan(10)
  for (const { method, url, isOperators } of routes) {
    if (isOperators) continue
    const refused = await api.request(method, url, { economy, body: { status: 'archived' } })
    // Only people reach these, by a session.
    if (refused.body.code === 'session_required') continue
    expect([url, refused.status, refused.body.code], JSON.stringify(refused.body)).toEqual([
      url,
      400,
      'invalid_request',
    ])
    const empty = await api.request(method, url, { economy, body: {} })
    const told = empty.body === undefined || empty.body === '' ? '' : JSON.stringify(empty.body)
    expect([url, told.includes('takes no body')]).toEqual([url, false])
  }
})

it('nothing is changed by a request that is refused for its body', async () => {
  const { id: economy } = await api.createEconomy()
  const { body: user } = await api.request('POST', '/v3/users', { economy, body: { name: 'Ada' } })
  const archive = `/v3/users/${user.id}/archive`
  expect((await api.request('POST', archive, { economy, body: [1] })).status).toBe(400)
  expect((await api.request('GET', `/v3/users/${user.id}`, { economy })).body.status).toBe('active')
  expect((await api.request('POST', archive, { economy, body: {} })).body.status).toBe('archived')
})
