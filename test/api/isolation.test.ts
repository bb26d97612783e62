import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type IdPrefix, toWire } from '#apps/api/presenters/wire-id.ts'
import { type Answer, type TestTenant, uuidOfWire } from '#test/support/api.ts'
import { aPerson, signIn } from '#test/support/sign-in.ts'
import { backEconomy } from '#test/support/backing-fixture.ts'
import { insertEconomy } from '#test/support/economy-fixture.ts'
import { startTransactionsApi, type TransactionsApi } from '#test/support/transactions.ts'

/**
 * Tenant isolation on every route of the OpenAPI document: whatever id of another tenant a request names, in the path, in the
 * header or in the body, it answers exactly as for an id that does not exist, and the other tenant's rows stay as they were.
 * A new route with ids must be added to the tables below, or the enumeration fails.
 */
const PREFIX_OF: Record<string, IdPrefix> = {
  members: 'mem',
  auth: 'ses',
  'api-keys': 'key',
  economies: 'eco',
  users: 'usr',
  'transaction-types': 'typ',
  'token-rules': 'rul',
  'price-points': 'prc',
  transactions: 'txn',
  airdrops: 'air',
  webhooks: 'whk',
  'redeemable-skus': 'sku',
  redemptions: 'rdm',
  stakes: 'stk',
  unstakes: 'ust',
}

interface Ids {
  of: Record<IdPrefix, string>
}

const UNSTAKE = { amount: '100', redeemer: `0x${'5f'.repeat(20)}`, beneficiary: `0x${'5f'.repeat(20)}` }

/** A valid body per route that takes one; ids in it are the other tenant's. */
const BODY_OF: Record<string, (ids: Ids) => unknown> = {
  'POST /v3/members': () => ({ email: `m${randomUUID()}@example.com`, name: 'M', role: 'viewer' }),
  'POST /v3/auth/sign-in': ({ of }) => ({ email: 'a@example.com', password: 'x', tenant_id: of.ten }),
  'POST /v3/auth/refresh': () => ({ refresh_token: 'x' }),
  'POST /v3/auth/accept-invitation': () => ({ token: 'x', password: 'twelve or more' }),
  'POST /v3/auth/sign-out': () => ({}),
  'POST /v3/auth/password': () => ({ current_password: 'x', new_password: 'twelve or more' }),
  'PATCH /v3/members/{id}': () => ({ role: 'viewer' }),
  'POST /v3/api-keys': ({ of }) => ({ name: 'K', scopes: ['users:read'], economy_id: of.eco }),
  'POST /v3/api-keys/{id}/rotate': () => ({ overlap_seconds: 0 }),
  'POST /v3/economies': () => ({ name: 'E', symbol: `I${randomUUID().slice(0, 6).toUpperCase()}` }),
  'PATCH /v3/economies/{id}': () => ({ name: 'Stolen' }),
  'POST /v3/economies/{id}/grants': () => ({ amount: '1' }),
  'POST /v3/users': () => ({ name: 'U' }),
  'POST /v3/users/batch': () => ({ users: [{ name: 'U' }] }),
  'PATCH /v3/users/{id}': () => ({ name: 'Stolen' }),
  'POST /v3/transaction-types': () => ({ name: `t${randomUUID()}`, kind: 'user_to_user', currency: 'token' }),
  'PATCH /v3/transaction-types/{id}': () => ({ name: 'stolen' }),
  'POST /v3/token-rules': ({ of }) => ({
    name: `r${randomUUID()}`,
    expression: 'true',
    message: 'no',
    type_id: of.typ,
  }),
  'PATCH /v3/token-rules/{id}': () => ({ message: 'stolen' }),
  'POST /v3/token-rules/dry-run': ({ of }) => ({ expression: 'true', type_id: of.typ }),
  'POST /v3/price-points': () => ({ currency: 'USD', price: '1' }),
  'POST /v3/transactions': ({ of }) => ({
    type: 'tip',
    from_user_id: of.usr,
    to_user_id: of.usr,
    amount: '1',
  }),
  'POST /v3/transactions/dry-run': ({ of }) => ({
    type: of.typ,
    from_user_id: of.usr,
    to_user_id: of.usr,
    amount: '1',
  }),
  'POST /v3/transactions/batch': ({ of }) => ({
    transactions: [{ type: 'tip', from_user_id: of.usr, to_user_id: of.usr, amount: '1' }],
  }),
  'POST /v3/webhooks': () => ({ url: 'https://example.com/stolen' }),
  'PATCH /v3/webhooks/{id}': () => ({ url: 'https://example.com/stolen' }),
  'POST /v3/webhooks/{id}/rotate-secret': () => ({ overlap_seconds: 0 }),
  'POST /v3/webhooks/{id}/replays': () => ({ from: '2026-01-01T00:00:00.000Z', scope: 'all' }),
  'POST /v3/redeemable-skus': () => ({ name: 'S', availability: [] }),
  'PATCH /v3/redeemable-skus/{id}': () => ({ name: 'Stolen' }),
  'POST /v3/redemptions': ({ of }) => ({
    user_id: of.usr,
    sku_id: of.sku,
    country_iso_code: 'US',
    amount: '25',
  }),
  'POST /v3/stakes': () => ({ amount: '1', staker: `0x${'5f'.repeat(20)}` }),
  'POST /v3/value-grants': () => ({ address: `0x${'5f'.repeat(20)}` }),
  'POST /v3/stakes/{id}/submit': () => ({ transaction_hash: `0x${'5f'.repeat(32)}` }),
  'POST /v3/users/{id}/unstakes': () => ({ amount: '100', beneficiary: UNSTAKE.beneficiary }),
  'POST /v3/unstakes': () => UNSTAKE,
  'POST /v3/unstakes/{id}/submit': () => ({ transaction_hash: `0x${'5f'.repeat(32)}` }),
  'POST /v3/airdrops': ({ of }) => ({ type: of.typ, amount: '1', recipients: { user_ids: [of.usr] } }),
}

/** Routes whose bodies name ids: the answer to the other tenant's must be the answer to unknown ones. */
const NAMES_IDS_IN_BODY = new Set(
  Object.entries(BODY_OF)
    .filter(([, make]) => make.length > 0)
    .map(([route]) => route),
)

interface Route {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'PUT'
  path: string
  takesBody: boolean
}

let api: TransactionsApi
let intruder: TestTenant
let intrudersEconomy: string
let victims: Ids
/** Of a person, for what only people ask. */
let intrudersToken: string
/** Of tenants; the operator's own are apart: no tenant's key opens them. */
let routes: Route[]
let operators: Route[]

const UNKNOWN = '01a00000-0000-7000-8000-000000000000'
const unknown: Ids = {
  of: Object.fromEntries(
    Object.values(PREFIX_OF).map((prefix) => [prefix, toWire(prefix, UNKNOWN)]),
  ) as Ids['of'],
}

beforeAll(async () => {
  api = await startTransactionsApi()
  intruder = await api.createTenant()
  const economy = await insertEconomy(api.database.ownerUrl, {
    tenantId: uuidOfWire(intruder.id),
    balances: [10n, 10n],
    company: 10n,
  })
  intrudersEconomy = toWire('eco', economy.economyId)
  victims = await victimsIds()
  intrudersToken = (await signIn(api, await aPerson(api, { tenant: intruder }))).accessToken
  const document = api.app.swagger() as unknown as {
    paths: Record<string, Record<string, { requestBody?: object }>>
  }
  const all = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      method: method.toUpperCase() as Route['method'],
      path,
      takesBody: operation.requestBody !== undefined,
    })),
  )
  routes = all.filter(({ path }) => !path.startsWith('/v3/platform/'))
  operators = all.filter(({ path }) => path.startsWith('/v3/platform/'))
})
afterAll(() => api.close())

/** One of everything, made by the tenant that is intruded upon. */
async function victimsIds(): Promise<Ids> {
  const inEconomy = { economy: api.economyId }
  const create = async (path: string, body: object) =>
    (await api.request('POST', path, { ...inEconomy, once: randomUUID(), body })).body.id
  await create('/v3/price-points', { currency: 'USD', price: '100000000000000000' })
  await backEconomy(api, uuidOfWire(api.economyId))
  const availability = [
    { country: 'United States', country_iso_code: 'US', currency_iso_code: 'USD', denominations: ['25'] },
  ]
  const sku = await create('/v3/redeemable-skus', { name: 'Voucher', availability })
  const order = { user_id: api.alice, sku_id: sku, country_iso_code: 'US', amount: '25' }
  return {
    of: {
      ...unknown.of,
      sku,
      stk: await create('/v3/stakes', { amount: '1', staker: `0x${'5f'.repeat(20)}` }),
      ust: await create('/v3/unstakes', UNSTAKE),
      rdm: await create('/v3/redemptions', order),
      ses: (await signIn(api, await aPerson(api))).sessionId,
      mem: await create('/v3/members', { email: 'victim@example.com', name: 'V', role: 'viewer' }),
      key: api.tenant.keyId,
      eco: api.economyId,
      usr: api.alice,
      typ: toWire('typ', api.economy.types.reward),
      rul: await create('/v3/token-rules', { name: 'victims', expression: 'true', message: 'no' }),
      prc: await create('/v3/price-points', { currency: 'EUR', price: '2' }),
      txn: await create('/v3/transactions', {
        type: 'tip',
        from_user_id: api.alice,
        to_user_id: api.bob,
        amount: '1',
      }),
      whk: await create('/v3/webhooks', { url: 'https://example.com/events' }),
      air: await create('/v3/airdrops', { type: 'reward', amount: '1', recipients: { user_ids: [api.bob] } }),
    },
  }
}

function send(route: Route, ids: Ids, economy: string): Promise<Answer> {
  const segment = route.path.split('/')[2] ?? ''
  const prefix = PREFIX_OF[segment]
  const url = route.path
    .replace('{id}', prefix === undefined ? '' : ids.of[prefix])
    .replace('{event_id}', toWire('evt', UNKNOWN))
  const body = BODY_OF[`${route.method} ${route.path}`]?.(ids)
  return api.request(route.method, url, {
    key: route.path.startsWith('/v3/auth/') ? intrudersToken : intruder.key,
    economy,
    once: randomUUID(),
    ...(body !== undefined && { body }),
  })
}

const shown = ({ status, body }: Answer) => ({
  status,
  code: body.code,
  detail: body.detail,
  errors: body.errors,
  details: body.details,
})

/** Everything that belongs to the tenant, as one hash per table. */
async function fingerprint(): Promise<unknown> {
  const tables = await api.sql(
    `SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'tenant_id' ORDER BY 1`,
  )
  const hashes: Record<string, unknown> = {}
  for (const { table_name: table } of tables) {
    const [row] = await api.sql(
      `SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) AS hash FROM "${String(table)}" t WHERE tenant_id = $1`,
      [uuidOfWire(api.tenant.id)],
    )
    hashes[String(table)] = row?.hash
  }
  return hashes
}

describe('every route of the OpenAPI document', () => {
  it('is covered by the tables of this file', () => {
    const ours = routes.filter(({ path }) => path.startsWith('/v3/'))
    expect(ours.length).toBeGreaterThan(45)
    const withId = ours.filter(({ path }) => path.includes('{'))
    expect(withId.filter(({ path }) => PREFIX_OF[path.split('/')[2] ?? ''] === undefined)).toEqual([])
    const withBody = ours
      .filter(({ takesBody, path }) => takesBody && path !== '/v3/tenants')
      .map(({ method, path }) => `${method} ${path}`)
    expect(withBody.filter((route) => BODY_OF[route] === undefined && !OPTIONAL_BODY.has(route))).toEqual([])
  })

  it("opens none of the operator's routes to a tenant, whatever id it names, and changes nothing", async () => {
    const before = await fingerprint()
    expect(operators.length).toBeGreaterThan(5)
    for (const route of operators) {
      const named = { ...route, path: route.path.replace('{id}', toWire('lan', api.economy.laneId)) }
      const { status, body } = await send(named, victims, intrudersEconomy)
      expect({ route, status, code: body.code }).toEqual({ route, status: 401, code: 'unauthenticated' })
    }
    expect(await fingerprint()).toEqual(before)
  })

  it("answers another tenant's id in the path like one that does not exist, and changes nothing", async () => {
    const before = await fingerprint()
    for (const route of routes.filter(({ path }) => path.startsWith('/v3/') && path.includes('{id}'))) {
      const [foreign, missing] = [
        await send(route, victims, intrudersEconomy),
        await send(route, unknown, intrudersEconomy),
      ]
      expect({ route, ...shown(foreign) }).toEqual({ route, ...shown(missing) })
      expect({ route, status: foreign.status }).toEqual({ route, status: 404 })
    }
    expect(await fingerprint()).toEqual(before)
  })

  it("answers another tenant's ids in the body like ones that do not exist", async () => {
    const before = await fingerprint()
    for (const route of routes.filter(
      ({ method, path }) => NAMES_IDS_IN_BODY.has(`${method} ${path}`) && !path.includes('{'),
    )) {
      const [foreign, missing] = [
        await send(route, victims, intrudersEconomy),
        await send(route, unknown, intrudersEconomy),
      ]
      if (foreign.status < 300) {
        expect(foreign.body.data.map((item: { problem: { code: string } }) => item.problem.code)).toEqual(
          missing.body.data.map((item: { problem: { code: string } }) => item.problem.code),
        )
        continue
      }
      expect({ route, ...shown(foreign) }).toEqual({ route, ...shown(missing) })
    }
    expect(await fingerprint()).toEqual(before)
  })

  it("does not know another tenant's economy", async () => {
    const before = await fingerprint()
    const data = new Set([
      'users',
      'transaction-types',
      'token-rules',
      'price-points',
      'transactions',
      'airdrops',
      'redeemable-skus',
      'redemptions',
      'stakes',
      'unstakes',
      'token',
      'webhooks',
      'events',
    ])
    for (const route of routes.filter(
      ({ path }) => path.startsWith('/v3/') && data.has(path.split('/')[2] ?? ''),
    )) {
      const { status, body } = await send(route, victims, api.economyId)
      expect({ route, status, code: body.code }).toEqual({ route, status: 404, code: 'economy_not_found' })
    }
    expect(await fingerprint()).toEqual(before)
  })

  it('lists nothing of another tenant', async () => {
    const mine = new Set(Object.values(victims.of))
    for (const route of routes.filter(
      ({ method, path }) => method === 'GET' && path.startsWith('/v3/') && !path.includes('{'),
    )) {
      const { body } = await send(route, unknown, intrudersEconomy)
      const text = JSON.stringify(body)
      for (const id of mine) if (id && !Object.values(unknown.of).includes(id)) expect(text).not.toContain(id)
    }
  })
})

describe('every GraphQL query by id', () => {
  const PREFIX_OF_FIELD: Record<string, IdPrefix> = {
    member: 'mem',
    apiKey: 'key',
    economy: 'eco',
    user: 'usr',
    balance: 'usr',
    ledgerEntries: 'usr',
    transactionType: 'typ',
    tokenRule: 'rul',
    tokenRuleVersions: 'rul',
    pricePoint: 'prc',
    transaction: 'txn',
    transactionTimeline: 'txn',
    airdrop: 'air',
    webhook: 'whk',
    webhookDeliveries: 'whk',
    webhookDelivery: 'whk',
    replays: 'whk',
    redeemableSku: 'sku',
    redemption: 'rdm',
    stake: 'stk',
    unstake: 'ust',
    node: 'usr',
  }
  /** What a field must be given besides the id. */
  const MORE_OF_FIELD: Record<string, string> = { webhookDelivery: `, eventId: "${toWire('evt', UNKNOWN)}"` }

  it("answers another tenant's id like one that does not exist", async () => {
    const { body: schema } = await api.request('POST', '/graphql', {
      body: { query: '{ __schema { queryType { fields { name args { name } } } } }' },
    })
    const fields: { name: string; args: { name: string }[] }[] = schema.data.__schema.queryType.fields
    const byId = fields.filter(({ args }) => args.some((arg) => arg.name === 'id')).map(({ name }) => name)
    expect(byId.toSorted()).toEqual(Object.keys(PREFIX_OF_FIELD).toSorted())
    for (const field of byId) {
      const prefix = PREFIX_OF_FIELD[field] ?? expect.unreachable()
      const query = `query ($id: ID!) { ${field}(id: $id${MORE_OF_FIELD[field] ?? ''}) { __typename } }`
      const ask = async (ids: Ids) => {
        const { body } = await api.request('POST', '/graphql', {
          key: intruder.key,
          economy: intrudersEconomy,
          body: { query, variables: { id: ids.of[prefix] } },
        })
        const error = body.errors?.[0]
        return { field, data: body.data, message: error?.message, code: error?.extensions.code }
      }
      const answer = await ask(victims)
      expect(answer).toEqual(await ask(unknown))
      expect(answer.code ?? 'none', field).toMatch(/_not_found$|^none$/)
      expect(answer.data === null || Object.values(answer.data).every((value) => value === null), field).toBe(
        true,
      )
    }
  })
})

/** Routes whose body may be left out altogether. */
const OPTIONAL_BODY = new Set<string>([])
