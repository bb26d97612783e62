import { describe, expect, it } from 'vitest'
import { useOstV1Api } from '#test/support/ost-v1-api.ts'
import { useOstV2 } from '#test/support/ost-v2.ts'

type Method = 'GET' | 'POST' | 'DELETE'
const ADDRESS = `0x${'12'.repeat(20)}`
const UNKNOWN = '01a00000-0000-4000-8000-000000000000'

/**
 * Every endpoint of the references, asked once as an integration does: what it answers where nothing has been made yet. What each
 * of them means is tested beside this file, by resource. An endpoint that is forgotten here, or a route that no reference knows,
 * makes the last test fail.
 */
describe('the OST Platform API v2 (reference, sections 5 and 6)', () => {
  const ctx = useOstV2()
  const user = () => ctx.economy.userIds[0] ?? ''
  const BY_KEY: [Method, string, number, string][] = [
    ['POST', '/users', 200, 'user'],
    ['GET', '/users', 200, 'users'],
    ['GET', '/users/:user_id', 200, 'user'],
    ['POST', '/users/:user_id/devices', 200, 'device'],
    ['GET', '/users/:user_id/devices', 200, 'devices'],
    ['GET', '/users/:user_id/devices/:device_address', 200, 'device'],
    ['GET', '/users/:user_id/sessions', 200, 'sessions'],
    ['GET', '/users/:user_id/sessions/:session_address', 404, 'NOT_FOUND'],
    ['GET', '/users/:user_id/device-managers', 404, 'NOT_FOUND'],
    ['GET', '/users/:user_id/recovery-owners/:recovery_owner_address', 404, 'NOT_FOUND'],
    ['GET', '/users/:user_id/balance', 200, 'balance'],
    // A user is not the company.
    ['POST', '/users/:user_id/transactions', 403, 'REQUEST_FORBIDDEN'],
    ['GET', '/users/:user_id/transactions', 200, 'transactions'],
    ['GET', '/users/:user_id/transactions/:transaction_id', 404, 'NOT_FOUND'],
    ['GET', '/tokens', 200, 'token'],
    ['GET', '/rules', 200, 'rules'],
    ['GET', '/chains/:chain_id', 200, 'chain'],
    ['GET', '/chains/:chain_id/price-points', 200, 'price_point'],
    ['GET', '/base-tokens', 200, 'base_tokens'],
    ['POST', '/webhooks', 200, 'webhook'],
    ['GET', '/webhooks', 200, 'webhooks'],
    ['GET', '/webhooks/:webhook_id', 400, 'BAD_REQUEST'],
    ['POST', '/webhooks/:webhook_id', 400, 'BAD_REQUEST'],
    ['DELETE', '/webhooks/:webhook_id', 400, 'BAD_REQUEST'],
    ['GET', '/users/:user_id/redemptions', 200, 'redemptions'],
    ['GET', '/users/:user_id/redemptions/:redemption_id', 404, 'NOT_FOUND'],
    ['GET', '/redeemable-skus', 200, 'redemption_products'],
    ['GET', '/redeemable-skus/:redeemable_sku_id', 404, 'NOT_FOUND'],
    ['GET', '/tokens/:token_id/validate-domain', 400, 'BAD_REQUEST'],
  ]
  const BY_DEVICE: [Method, string][] = [
    ['GET', '/users/:user_id/token-holder'],
    ['GET', '/users/:user_id/salts'],
    ['GET', '/users/:user_id/devices/pending-recovery'],
    ['POST', '/users/:user_id/activate-user'],
    ['POST', '/users/:user_id/devices/authorize'],
    ['POST', '/users/:user_id/devices/revoke'],
    ['POST', '/users/:user_id/sessions/authorize'],
    ['POST', '/users/:user_id/sessions/revoke'],
    ['POST', '/users/:user_id/token-holder/logout'],
    ['POST', '/users/:user_id/devices/initiate-recovery'],
    ['POST', '/users/:user_id/devices/abort-recovery'],
    ['POST', '/users/:user_id/recovery-owners'],
  ]
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

  it.each(BY_KEY)('%s %s: %i %s', async (method, path, status, told) => {
    const params = method === 'POST' ? (PARAMS[path] ?? {}) : {}
    const answer = await ctx.call(method, await urlOf(path), params as never)
    expect(answer.status, JSON.stringify(answer.body)).toBe(status)
    if (status !== 200) expect(answer.body.err.code).toBe(told)
    else {
      expect(answer.body.data.result_type).toBe(told)
      expect(answer.body.data).toHaveProperty(told)
    }
  })

  it.each(BY_DEVICE)('%s %s: by a device only', async (method, path) => {
    const url = await urlOf(path)
    const byKey = await ctx.call(method, url)
    expect(byKey).toMatchObject({
      status: 401,
      body: { err: { error_data: [{ parameter: 'api_signature_kind' }] } },
    })
    const answer = await ctx.callAs(await ctx.register(user()), method as 'GET' | 'POST', url)
    expect([200, 400, 422], JSON.stringify(answer.body)).toContain(answer.status)
    expect(Object.keys(answer.body)).toEqual(['success', answer.status === 200 ? 'data' : 'err'])
  })

  it('names every route that there is, each at both bases, with and without a slash at its end', () => {
    const known = [...BY_KEY, ...BY_DEVICE].map(([method, path]) => `${method} ${path}`)
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
  const V1: ['GET' | 'POST', string, number, string][] = [
    ['POST', '/users', 200, 'user'],
    ['POST', '/users/:id', 400, 'BAD_REQUEST'],
    ['GET', '/users/:id', 400, 'BAD_REQUEST'],
    ['GET', '/users', 200, 'users'],
    ['POST', '/actions', 400, 'BAD_REQUEST'],
    ['POST', '/actions/:id', 400, 'BAD_REQUEST'],
    ['GET', '/actions/:id', 404, 'NOT_FOUND'],
    ['GET', '/actions', 200, 'actions'],
    ['POST', '/transactions', 400, 'BAD_REQUEST'],
    ['GET', '/transactions/:id', 404, 'NOT_FOUND'],
    ['GET', '/transactions', 200, 'transactions'],
    ['POST', '/airdrops', 400, 'BAD_REQUEST'],
    ['GET', '/airdrops/:id', 404, 'NOT_FOUND'],
    ['GET', '/airdrops', 200, 'airdrops'],
    ['GET', '/token', 200, 'token'],
    ['POST', '/transfers', 400, 'BAD_REQUEST'],
    ['GET', '/transfers/:id', 404, 'NOT_FOUND'],
    ['GET', '/transfers', 200, 'transfers'],
  ]
  const ONLY_V11: typeof V1 = [
    ['GET', '/balances/:id', 404, 'NOT_FOUND'],
    ['GET', '/ledger/:id', 400, 'BAD_REQUEST'],
  ]
  const V0: typeof V1 = [
    ['POST', '/users/create', 200, 'economy_users'],
    ['POST', '/users/edit', 400, 'BAD_REQUEST'],
    ['GET', '/users/list', 200, 'economy_users'],
    ['POST', '/users/airdrop/drop', 400, 'BAD_REQUEST'],
    ['GET', '/users/airdrop/status', 400, 'BAD_REQUEST'],
    ['POST', '/transaction-types/create', 400, 'BAD_REQUEST'],
    ['POST', '/transaction-types/edit', 400, 'BAD_REQUEST'],
    ['GET', '/transaction-types/list', 200, 'transaction_types'],
    ['POST', '/transaction-types/execute', 400, 'BAD_REQUEST'],
    ['POST', '/transaction-types/status', 400, 'BAD_REQUEST'],
  ]
  const named = (path: string) => (path === '/users/create' ? { name: 'Alice Once' } : {})
  const BASES: [string, typeof V1][] = [
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
  )('%s %s: %i %s', async (method, whole, status, told, base) => {
    const path = whole.slice(base.length)
    const answer = await ctx.call(method, path.replace(':id', UNKNOWN), named(path), { base })
    expect(answer.status, JSON.stringify(answer.body)).toBe(status)
    if (status !== 200) expect(answer.body.err.code).toBe(told)
    else expect(answer.body.data.result_type).toBe(told)
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
