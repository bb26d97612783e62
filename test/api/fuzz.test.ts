import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import type { InjectOptions } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toWire } from '#apps/api/presenters/wire-id.ts'
import { OPERATOR_KEY, startApi, type TestApi, uuidOfWire } from '#test/support/api.ts'
import { backEconomy } from '#test/support/backing-fixture.ts'
import { type EconomyFixture, insertEconomy } from '#test/support/economy-fixture.ts'
import { mutate, mutation, nastyText } from '#test/support/nasty.ts'
import { AVAILABILITY } from '#test/support/redemptions.ts'
import { aPerson, PASSWORD, signIn } from '#test/support/sign-in.ts'
import { tableSums } from '#test/support/table-sums.ts'

/** FUZZ_SEED runs what a failed run did again. */
const seed = Number(process.env['FUZZ_SEED'] ?? randomBytes(4).readInt32LE())
/** Requests to each route. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 4)
const TIMEOUT_MS = 60_000

interface Operation {
  method: InjectOptions['method'] & string
  path: string
  example: Record<string, unknown>
  names: string[]
  query: string[]
  ways: string[]
}

interface Described {
  security?: Record<string, unknown>[]
  parameters?: { name: string; in: string }[]
  requestBody?: {
    content: Record<string, { example?: Record<string, unknown>; schema?: { properties?: object } }>
  }
}

/** Signing out ends what the others are asked with; no Redis and no chain is there to be ready. */
const LEFT_OUT = new Set(['/v3/auth/sign-out', '/readyz'])

let api: TestApi
let economyId: string
let accessToken: string
let operations: Operation[]
/** Ids of the asking tenant's own things, by the word before them in a path. */
let ownIds: Record<string, string>
const logged: string[] = []
const secrets = new Set<string>()

beforeAll(async () => {
  api = await startApi({
    env: { LOG_LEVEL: 'debug', RATE_LIMIT_PER_MINUTE: '1000000' },
    deps: () => ({ logTo: { write: (text) => void logged.push(text) } }),
  })
  const economy = await insertEconomy(api.database.ownerUrl, {
    tenantId: uuidOfWire(api.tenant.id),
    balances: [1_000n, 0n],
    company: 10_000n,
  })
  economyId = toWire('eco', economy.economyId)
  const person = await aPerson(api)
  const grant = await signIn(api, person)
  // Another session than the one that is asked with, which it may end.
  ownIds = { ...(await oneOfEach(economy)), sessions: (await signIn(api, person)).sessionId }
  accessToken = grant.accessToken
  for (const secret of [api.tenant.key, accessToken, grant.refreshToken, PASSWORD, OPERATOR_KEY])
    secrets.add(secret)
  const { body } = await api.request('GET', '/openapi.json', { key: null })
  operations = operationsOf(body.paths)
})
afterAll(() => api.close())

/** Made by the tenant; the economy is another than the one that is asked about, for what would end it. */
async function oneOfEach({ userIds, types }: EconomyFixture): Promise<Record<string, string>> {
  const create = async (path: string, body: object) => {
    const made = await api.request('POST', path, { economy: economyId, once: path, body })
    expect(made.status, JSON.stringify(made.body)).toBeLessThan(300)
    return String(made.body.id)
  }
  const [from_user_id, to_user_id] = userIds.map((id) => toWire('usr', id))
  const expression = { name: 'own', expression: 'true', message: 'no' }
  // So dear that a user of few tokens can order something.
  const price = await create('/v3/price-points', { currency: 'USD', price: '100000000000000000' })
  await backEconomy(api, uuidOfWire(economyId))
  const sku = await create('/v3/redeemable-skus', { name: 'Voucher', availability: AVAILABILITY })
  const order = { user_id: from_user_id, sku_id: sku, country_iso_code: 'US', amount: '10' }
  const recipients = { user_ids: [to_user_id] }
  return {
    economies: (await api.createEconomy()).id,
    users: from_user_id ?? '',
    'transaction-types': toWire('typ', types.fixed),
    'token-rules': await create('/v3/token-rules', expression),
    'price-points': price,
    webhooks: await create('/v3/webhooks', { url: 'https://example.com/own' }),
    transactions: await create('/v3/transactions', { type: 'tip', from_user_id, to_user_id, amount: '1' }),
    members: await create('/v3/members', { email: 'own@example.com', name: 'Own', role: 'viewer' }),
    'redeemable-skus': sku,
    redemptions: await create('/v3/redemptions', order),
    airdrops: await create('/v3/airdrops', { type: 'reward', amount: '1', recipients }),
    stakes: await create('/v3/stakes', { amount: '1', staker: `0x${'5f'.repeat(20)}` }),
    'api-keys': await create('/v3/api-keys', { name: 'Own', scopes: ['users:read'] }),
  }
}

function operationsOf(paths: Record<string, Record<string, Described>>): Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security = [], parameters = [], requestBody }]) => {
      const content = requestBody?.content['application/json']
      return {
        method: method.toUpperCase(),
        path,
        example: content?.example ?? {},
        names: Object.keys(content?.schema?.properties ?? {}),
        query: parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name),
        ways: security.flatMap((way) => Object.keys(way)),
      }
    }),
  )
}

let addresses = 0
/** So that nobody is told to wait. */
const anAddress = () => `10.${(++addresses >> 16) & 255}.${(addresses >> 8) & 255}.${addresses & 255}`

function keyFor({ ways }: Operation): string | null {
  if (ways.includes('operatorKey')) return OPERATOR_KEY
  if (ways.includes('apiKey')) return api.tenant.key
  return ways.includes('accessToken') ? accessToken : null
}

describe(`every route of the description, asked for nonsense (FUZZ_SEED=${seed})`, () => {
  it('answers no 5xx, changes no row for what it refuses, and logs nothing secret', {
    timeout: TIMEOUT_MS,
  }, async () => {
    expect(operations.length).toBeGreaterThan(70)
    const request = fc.record({
      how: mutation,
      id: fc.option(nastyText, { freq: 3 }),
      isOwn: fc.boolean(),
      query: fc.option(fc.record({ pick: fc.nat(), text: nastyText }), { freq: 2 }),
      key: fc.option(fc.constantFrom('x'.repeat(256), 'caf\u00e9', ' ', 'fine'), { freq: 2 }),
    })
    let before = await tableSums(api)
    for (const operation of operations.filter(({ path }) => !LEFT_OUT.has(path))) {
      const wanted = fc.sample(request, { seed, numRuns: RUNS })
      for (const { how, id, isOwn, query, key } of wanted) {
        const own = isOwn ? ownIds[/([^/]+)\/\{/.exec(operation.path)?.[1] ?? ''] : undefined
        const path = operation.path.replaceAll(
          /\{[^}]+\}/g,
          () =>
            own ??
            (id === null
              ? 'usr_01jc0000000000000000000000'
              : encodeURIComponent(id.toWellFormed()).slice(0, 300)),
        )
        const name =
          query && (operation.query[query.pick % Math.max(1, operation.query.length)] ?? '__proto__')
        const search = query ? `?${name}=${encodeURIComponent(query.text.toWellFormed())}` : ''
        const bearer = keyFor(operation)
        const takesBody = operation.names.length > 0
        const payload = takesBody ? mutate(operation.example, operation.names, how) : undefined
        const response = await api.app.inject({
          // The description's methods are HTTP's.
          method: operation.method as 'POST',
          url: `${path}${search}`,
          remoteAddress: anAddress(),
          headers: {
            ...(bearer !== null && { authorization: `Bearer ${bearer}` }),
            'ost-economy': economyId,
            ...(operation.method === 'POST' && { 'idempotency-key': key ?? `fuzz-${addresses}` }),
            ...(takesBody && { 'content-type': 'application/json' }),
          },
          ...(payload !== undefined && { payload }),
        })
        const told = `${operation.method} ${path.slice(0, 200)}${search.slice(0, 200)} ${payload?.slice(0, 300) ?? ''}: ${response.statusCode} ${response.body.slice(0, 500)}`
        expect(response.statusCode, told).toBeLessThan(500)
        for (const [secret] of response.body.matchAll(
          /(?:ost_(?:test|live|refresh|invite)_|whsec_)[\w+/=-]{20,}/g,
        ))
          secrets.add(secret)
        const after = await tableSums(api)
        if (response.statusCode >= 400) expect(after === before, `rows changed: ${told}`).toBe(true)
        before = after
      }
    }
    expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined()
  })

  it('says internal_error to no field of GraphQL, and changes no row for what it refuses', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const ask = async (query: string, variables: string) =>
      api.app.inject({
        method: 'POST',
        url: '/graphql',
        remoteAddress: anAddress(),
        headers: {
          authorization: `Bearer ${api.tenant.key}`,
          'ost-economy': economyId,
          'content-type': 'application/json',
        },
        payload: `{"query":${JSON.stringify(query)},"variables":${variables}}`,
      })
    const TYPE =
      'kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } }'
    const FIELDS = `fields { name type { ${TYPE} } args { name type { ${TYPE} } } }`
    const { data } = (
      await ask(`{ __schema { queryType { ${FIELDS} } mutationType { ${FIELDS} } } }`, '{}')
    ).json()
    const { queryType, mutationType } = data.__schema
    const fields = [
      ...queryType.fields.map((field: GraphqlField) => ({ kind: 'query', field })),
      ...mutationType.fields.map((field: GraphqlField) => ({ kind: 'mutation', field })),
    ].filter(({ field }) => !['signOut'].includes(field.name))
    expect(fields.length).toBeGreaterThan(60)
    let before = await tableSums(api)
    for (const { kind, field } of fields) {
      const names = field.args.map(({ name }: { name: string }) => name)
      const declared = field.args
        .map(({ name, type }: GraphqlField) => `$${name}: ${nameOf(type)}`)
        .join(', ')
      const passed = names.map((name: string) => `${name}: $${name}`).join(', ')
      const leaf = ['SCALAR', 'ENUM'].includes(coreOf(field.type).kind) ? '' : ' { __typename }'
      const query = `${kind} f${declared && `(${declared})`} { ${field.name}${passed && `(${passed})`}${leaf} }`
      const known = { id: 'usr_01jc0000000000000000000000', idempotencyKey: 'fuzz', input: {} }
      const base = Object.fromEntries(Object.entries(known).filter(([name]) => names.includes(name)))
      for (const how of fc.sample(mutation, { seed, numRuns: Math.ceil(RUNS / 2) })) {
        const response = await ask(query, mutate(base, names, how))
        const told = `${query} ${JSON.stringify(how).slice(0, 200)}: ${response.statusCode} ${response.body.slice(0, 400)}`
        expect(response.statusCode, told).toBeLessThan(500)
        expect(response.body.includes('internal_error'), told).toBe(false)
        const after = await tableSums(api)
        if (response.body.includes('"errors"')) expect(after === before, `rows changed: ${told}`).toBe(true)
        before = after
      }
    }
  })

  it('leaves no key, token, password or secret in what was logged', async () => {
    await expect.poll(() => logged.length).toBeGreaterThan(10)
    const log = logged.join('')
    expect(secrets.size).toBeGreaterThanOrEqual(5)
    for (const secret of secrets) expect(log.includes(secret), secret.slice(0, 20)).toBe(false)
  })
})

interface GraphqlType {
  kind: string
  name: string | null
  ofType?: GraphqlType | null
}

interface GraphqlField {
  name: string
  type: GraphqlType
  args: GraphqlField[]
}

function nameOf({ kind, name, ofType }: GraphqlType): string {
  if (kind === 'NON_NULL' && ofType) return `${nameOf(ofType)}!`
  return kind === 'LIST' && ofType ? `[${nameOf(ofType)}]` : String(name)
}

function coreOf(type: GraphqlType): GraphqlType {
  return type.ofType ? coreOf(type.ofType) : type
}
