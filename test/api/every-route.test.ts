import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { wireErrorOf } from '#apps/api/plugins/problem.ts'
import { type Scope, SCOPES } from '#core/tenant/scopes.ts'
import { startApi, type TestApi } from '#test/support/api.ts'

interface Route {
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  url: string
  isBodied: boolean
  isKeyed: boolean
}

/** What holds for every route under /v3 that asks for a tenant's key, present and future: found in the description. */
describe('every route of a tenant', () => {
  let api: TestApi
  let economyId: string
  let routes: Route[]
  beforeAll(async () => {
    api = await startApi()
    economyId = (await api.createEconomy()).id
    const { body } = await api.request('GET', '/openapi.json', { key: null })
    routes = Object.entries(body.paths).flatMap(([path, methods]) =>
      Object.entries(methods as Record<string, { security?: object[]; requestBody?: object }>)
        .filter(([, { security = [] }]) => security.some((way) => 'apiKey' in way))
        .map(([method, { requestBody }]) => ({
          // The description's methods are HTTP's, in lower case.
          method: method.toUpperCase() as Route['method'],
          url: path.replaceAll(/\{[^}]+\}/g, 'xxx_00000000000000000000000000'),
          isBodied: requestBody !== undefined,
          isKeyed: method === 'post',
        })),
    )
  })
  afterAll(() => api.close())

  const ask = (route: Route, options: Parameters<TestApi['request']>[2]) =>
    api.request(route.method, route.url, {
      economy: economyId,
      ...(route.isKeyed && { once: 'some-key' }),
      ...options,
    })

  it('there are some', () => {
    expect(routes.length).toBeGreaterThan(15)
  })

  it('401: answers nobody without a key', async () => {
    // GraphQL asks field by field; see graphql.test.ts.
    for (const route of routes.filter(({ url }) => url !== '/graphql')) {
      const { status, body } = await ask(route, { key: null })
      expect([route.method, route.url, status, body.code]).toEqual([
        route.method,
        route.url,
        401,
        'unauthenticated',
      ])
    }
  })

  it('403: answers no key without the route’s own scope, whatever other scopes it has', async () => {
    for (const route of routes) {
      const nothing = await ask(route, { key: await keyWith(['token:read']) })
      const missing = nothing.body.details?.missing?.[0] as Scope | undefined
      if (nothing.status !== 403) continue
      expect(SCOPES).toContain(missing)
      const all = SCOPES.filter((scope) => scope !== missing)
      const { status, body } = await ask(route, { key: await keyWith(all) })
      expect([route.method, route.url, status, body.code]).toEqual([
        route.method,
        route.url,
        403,
        'scope_missing',
      ])
    }
  })

  it('413 and 415: takes neither a huge body nor another media type', async () => {
    for (const route of routes.filter(({ isBodied }) => isBodied)) {
      const huge = await ask(route, {
        body: JSON.stringify('x'.repeat(1_048_577)),
        headers: { 'content-type': 'application/json' },
      })
      expect([route.url, huge.status]).toEqual([route.url, 413])
      const xml = await ask(route, { body: '<x/>', headers: { 'content-type': 'application/xml' } })
      expect([route.url, xml.status]).toEqual([route.url, 415])
    }
  })

  it('400: takes no field that it does not list', async () => {
    for (const route of routes.filter(({ isBodied }) => isBodied)) {
      const { status, body } = await ask(route, { body: { a_field_nobody_has: 1 } })
      expect([route.url, status]).toEqual([route.url, 400])
      expect(body.errors.map((error: { pointer: string }) => error.pointer)).toContain('/a_field_nobody_has')
    }
  })

  it('speaks of codes that the table of errors knows', async () => {
    for (const route of routes) {
      const { status, body } = await ask(route, {})
      if (status < 400) continue
      expect(Object.keys(wireErrorOf)).toContain(body.code)
      expect([route.url, status]).not.toEqual([route.url, 500])
    }
  })

  const keys = new Map<string, string>()
  /** A key with these scopes, made once. */
  async function keyWith(scopes: Scope[]): Promise<string> {
    const name = scopes.join()
    const known = keys.get(name) ?? (await api.createKey({ scopes }))
    keys.set(name, known)
    return known
  }
})

describe('every route of the control plane', () => {
  it('429: counts', async () => {
    const api = await startApi({ env: { RATE_LIMIT_PER_MINUTE: '2' } })
    const urls = ['/v3/tenant', '/v3/members', '/v3/api-keys', '/v3/economies', '/v3/audit-log']
    const statuses = []
    for (const url of urls) statuses.push((await api.request('GET', url)).status)
    expect(statuses).toEqual([200, 200, 429, 429, 429])
    await api.close()
  })
})
