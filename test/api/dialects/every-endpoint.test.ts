import { describe, expect, it } from 'vitest'
import { type Endpoint, ONLY_V11, V0, V1, V2_BY_DEVICE, V2_BY_KEY } from '#test/support/ost-endpoints.ts'
import { useOstV1Api } from '#test/support/ost-v1-api.ts'
import { useOstV2 } from '#test/support/ost-v2.ts'

const ADDRESS = `0x${'12'.repeat(20)}`
const UNKNOWN = '01a00000-0000-4000-8000-000000000000'

/**
 * Every endpoint of the references, asked once as an integration does: what it answers where nothing has been made yet. What each
 * of them means is tested beside this file, by resource. The endpoints stand in test/support/ost-endpoints.ts: one that is
 * forgotten there, or a route that no reference knows, makes the last tests fail.
 */
describe('the OST Platform API v2 (reference, sections 5 and 6)', () => {
  const ctx = useOstV2()
  const user = () => ctx.economy.userIds[0] ?? ''
  const PARAMS: Record<string, object> = {
    '/users/:user_id/devices': { address: ADDRESS, api_signer_address: ADDRESS },
    '/webhooks': { url: 'https://hooks.example.com/', topics: ['transactions/success'] },
  }
  const urlOf = async (path: string) => {
    const [chain] = await ctx.api.sql('SELECT chain_id FROM economy WHERE id = $1', [ctx.economy.economyId])
    return path
      .replace(':user_id', user())
      .replace(':chain_id', String(chain?.['chain_id']))
      .replace(':token_id', String(ctx.tokenNumber))
      .replace(':redeemable_sku_id', '1')
      .replace(/:\w+_address/, ADDRESS)
      .replace(/:\w+_id/, UNKNOWN)
  }

  it.each(V2_BY_KEY)('%s %s: %i %s', async (method, path, status, told) => {
    const params = method === 'POST' ? (PARAMS[path] ?? {}) : {}
    const answer = await ctx.call(method, await urlOf(path), params as never)
    expect(answer.status, JSON.stringify(answer.body)).toBe(status)
    if (status !== 200) expect(answer.body.err.code).toBe(told)
    else {
      expect(answer.body.data.result_type).toBe(told)
      expect(answer.body.data).toHaveProperty(told)
    }
  })

  it.each(V2_BY_DEVICE)('%s %s: by a device only', async (method, path) => {
    const url = await urlOf(path)
    const byKey = await ctx.call(method, url)
    expect(byKey).toMatchObject({
      status: 401,
      body: { err: { error_data: [{ parameter: 'api_signature_kind' }] } },
    })
    const answer = await ctx.callAs(await ctx.register(user()), method, url)
    expect([200, 400, 422], JSON.stringify(answer.body)).toContain(answer.status)
    expect(Object.keys(answer.body)).toEqual(['success', answer.status === 200 ? 'data' : 'err'])
  })

  it('names every route that there is, each at both bases, with and without a slash at its end', () => {
    const known = [...V2_BY_KEY, ...V2_BY_DEVICE].map(([method, path]) => `${method} ${path}`)
    for (const base of ['/testnet/v2', '/mainnet/v2']) {
      const routes = routesUnder(ctx.api, base)
      const bare = new Set(routes.map((route) => route.replace(/\/$/, '')))
      expect(bare).toEqual(new Set(known))
      expect(routes).toHaveLength(2 * known.length)
    }
  })
})

describe('the OST KIT API of 2018 (reference, sections 6 and 7)', () => {
  const ctx = useOstV1Api()
  const named = (path: string) => (path === '/users/create' ? { name: 'Alice Once' } : {})
  const BASES: [string, readonly Endpoint[]][] = [
    ['/v1.1', [...V1, ...ONLY_V11]],
    ['/v1', V1],
    ['', V0],
  ]
  it.each(
    BASES.flatMap(([base, endpoints]) =>
      endpoints.map(
        ([method, path, status, told]) => [method, `${base}${path}`, status, told, base] as const,
      ),
    ),
  )('%s %s: %i %s, with and without a slash at its end', async (method, whole, status, told, base) => {
    const path = whole.slice(base.length)
    // JS ends its paths with a slash, Ruby does not.
    for (const sdk of ['js', 'ruby'] as const) {
      const options = { base, sdk }
      const answer = await ctx.call(
        method as 'GET' | 'POST',
        path.replace(':id', UNKNOWN),
        named(path),
        options,
      )
      expect(answer.status, JSON.stringify(answer.body)).toBe(status)
      if (status !== 200) expect(answer.body.err.code).toBe(told)
      else {
        expect(answer.body.data.result_type).toBe(told)
        expect(answer.body.data).toHaveProperty(told)
      }
    }
  })

  it.each(BASES.slice(0, 2))('names every route that there is under %s', (base, endpoints) => {
    const bare = new Set(routesUnder(ctx.api, base).map((route) => route.replace(/\/$/, '')))
    expect(bare).toEqual(new Set(endpoints.map(([method, path]) => `${method} ${path}`)))
  })
})

/** Routes under a base, as `GET /users`. */
function routesUnder(api: { app: { printRoutes(options: object): string } }, base: string): string[] {
  const routes: string[] = []
  const above: string[] = []
  for (const line of api.app.printRoutes({ commonPrefix: false }).split('\n')) {
    const match = /^((?:│ {3}| {4})*)(?:├── |└── )(\S*) \(([A-Z, ]+)\)$/.exec(line)
    const inner = match ?? /^((?:│ {3}| {4})*)(?:├── |└── )(\S+)$/.exec(line)
    if (!inner) continue
    const [, indent = '', part = '', methods = ''] = inner
    const depth = indent.length / 4
    above.length = depth
    above[depth] = part
    const path = above.join('')
    if (!path.startsWith(`${base}/`)) continue
    for (const method of methods.split(', '))
      if (['GET', 'POST', 'DELETE'].includes(method)) routes.push(`${method} ${path.slice(base.length)}`)
  }
  return routes
}
