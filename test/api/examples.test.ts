import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type IdPrefix, toWire } from '#apps/api/presenters/wire-id.ts'
import { type Answer, OPERATOR_KEY, startApi, type TestApi, uuidOfWire } from '#test/support/api.ts'
import { PASSWORD, setPassword, signIn } from '#test/support/sign-in.ts'
import { backEconomy, openValueFaucet } from '#test/support/backing-fixture.ts'
import { insertEconomy } from '#test/support/economy-fixture.ts'

/**
 * The examples that the API describes itself with are requests that work: whoever pastes one has to replace its sample ids and
 * nothing else. A new route whose body has no such example fails here.
 */
const KIND_OF: Record<string, IdPrefix> = {
  members: 'mem',
  'api-keys': 'key',
  economies: 'eco',
  users: 'usr',
  'transaction-types': 'typ',
  'token-rules': 'rul',
  webhooks: 'whk',
  'redeemable-skus': 'sku',
  stakes: 'stk',
  unstakes: 'ust',
}

interface Route {
  method: 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  path: string
  example: unknown
}

interface Parameter {
  name: string
  in: string
  required: boolean
  description?: string
  example?: unknown
  examples?: Record<string, { 'x-disabled'?: boolean }>
  schema: { enum?: unknown[]; default?: unknown }
}

interface Operation {
  requestBody?: { content: { 'application/json': { example?: unknown; schema: object } } }
  parameters?: Parameter[]
}

interface Description {
  info: { description: string }
  paths: Record<string, Record<string, Operation>>
}

/** A tenant as `npm start` leaves one, with its ids by kind. */
interface Demo {
  key: string
  economyId: string
  ownerId: string
  ids: Partial<Record<IdPrefix, string[]>>
}

let api: TestApi
let described: Description
let operations: [name: string, operation: Operation][]
let routes: Route[]

beforeAll(async () => {
  api = await startApi()
  await openValueFaucet(api)
  described = (await api.request('GET', '/openapi.json', { key: null })).body
  const all = Object.entries(described.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  )
  operations = all.map(({ method, path, operation }) => [`${method} ${path}`, operation])
  routes = all
    .filter(({ operation }) => operation.requestBody !== undefined)
    .map(({ method, path, operation }) => ({
      // The description's methods are HTTP's, in lower case.
      method: method.toUpperCase() as Route['method'],
      path,
      example: operation.requestBody?.content['application/json'].example,
    }))
})
afterAll(() => api.close())

const WHOLE = 10n ** 18n
/** Milliseconds: every route gets a tenant of its own. */
const ONE_BY_ONE_MS = 120_000
const AVAILABILITY = [
  { country: 'United States', country_iso_code: 'US', currency_iso_code: 'USD', denominations: ['25'] },
]

async function createDemo(): Promise<Demo> {
  const tenant = await api.createTenant()
  const { key } = tenant
  const economy = await insertEconomy(api.database.ownerUrl, {
    tenantId: uuidOfWire(tenant.id),
    balances: [1_000n * WHOLE, 100n * WHOLE],
    company: 1_000_000n * WHOLE,
  })
  const economyId = toWire('eco', economy.economyId)
  const create = async (path: string, body: object): Promise<string> => {
    const given = { key, economy: economyId, body, once: randomUUID() }
    const { status, body: created } = await api.request('POST', path, given)
    expect(status, JSON.stringify(created)).toBe(201)
    return created.id
  }
  await create('/v3/price-points', { currency: 'USD', price: '1' })
  await backEconomy(api, economy.economyId)
  const stake = { amount: '1', staker: `0x${'5f'.repeat(20)}` }
  const address = `0x${'5f'.repeat(20)}`
  const unstake = { amount: '100', redeemer: address, beneficiary: address }
  return {
    key,
    economyId,
    ownerId: tenant.ownerId,
    ids: {
      ten: [tenant.id],
      eco: [economyId],
      usr: economy.userIds.map((id) => toWire('usr', id)),
      typ: [toWire('typ', economy.types.tip)],
      mem: [await create('/v3/members', { email: 'member@example.com', name: 'M', role: 'viewer' })],
      key: [await create('/v3/api-keys', { name: 'K', scopes: ['users:read'] })],
      whk: [await create('/v3/webhooks', { url: 'https://example.com/events' })],
      sku: [await create('/v3/redeemable-skus', { name: 'Voucher', availability: AVAILABILITY })],
      stk: [await create('/v3/stakes', stake)],
      ust: [await create('/v3/unstakes', unstake)],
      rul: [await create('/v3/token-rules', { name: 'A rule', expression: 'true', message: 'No.' })],
    },
  }
}

/** The same with the demo's ids in place of the samples: the first sample of a kind becomes its first id, and so on. */
function fillIn(example: unknown, { ids }: Demo): unknown {
  const samples: string[] = []
  return JSON.parse(
    JSON.stringify(example).replaceAll(/\b([a-z]{3})_[0-9a-z]{26}\b/g, (sample, prefix: IdPrefix) => {
      if (!samples.includes(sample)) samples.push(sample)
      const index = samples.filter((known) => known.startsWith(prefix)).indexOf(sample)
      return ids[prefix]?.[index] ?? expect.fail(`the demo has no id in place of ${sample}`)
    }),
  )
}

async function send({ method, path, example }: Route, demo: Demo): Promise<Answer> {
  if (path.startsWith('/v3/auth/')) return sendAsPerson({ method, path, example }, demo)
  const kind = KIND_OF[path.split('/')[2] ?? '']
  const url = path.replace('{id}', () => (kind && demo.ids[kind]?.[0]) ?? expect.fail(`no id for ${path}`))
  return api.request(method, url, {
    key: path === '/v3/tenants' ? OPERATOR_KEY : demo.key,
    economy: demo.economyId,
    ...(method === 'POST' && { once: randomUUID() }),
    body: fillIn(example, demo),
  })
}

/** The demo's owner, who has the password of the examples, and an open session and invitation. */
async function sendAsPerson({ method, path, example }: Route, demo: Demo): Promise<Answer> {
  await setPassword(api, demo.ownerId, demo.key)
  const person = {
    id: demo.ownerId,
    email: 'ada@example.com',
    password: PASSWORD,
    tenantId: demo.ids.ten?.[0] ?? '',
  }
  const grant = await signIn(api, person)
  const url = `/v3/members/${demo.ownerId}/invitation`
  const invitation = await api.request('POST', url, { key: demo.key })
  const text = JSON.stringify(fillIn(example, demo))
    .replace(/ost_refresh_x{43}/, grant.refreshToken)
    .replace(/ost_invite_x{43}/, invitation.body.token)
  return api.request(method, path, { key: grant.accessToken, body: JSON.parse(text) })
}

describe('the examples of request bodies', () => {
  it('are there for every route that takes one', () => {
    expect(routes.length).toBeGreaterThan(20)
    for (const { method, path, example } of routes) {
      expect([method, path, typeof example]).toEqual([method, path, 'object'])
    }
  })

  it('work when they are sent, one by one, to a new tenant', { timeout: ONE_BY_ONE_MS }, async () => {
    for (const route of routes) {
      const { status, body } = await send(route, await createDemo())
      const outcome = `${route.method} ${route.path} ${status}: ${JSON.stringify(body)}`
      expect(status, outcome).toBeGreaterThanOrEqual(200)
      expect(status, outcome).toBeLessThan(300)
      // Of a batch, every item; of GraphQL, every field.
      expect(body.refused ?? 0, outcome).toBe(0)
      expect(body.errors ?? [], outcome).toEqual([])
    }
  })

  it('work one after another, too, as a new user tries them', async () => {
    const demo = await createDemo()
    for (const route of routes) {
      const { status, body } = await send(route, demo)
      expect(status, `${route.method} ${route.path}: ${JSON.stringify(body)}`).toBeLessThan(300)
      expect(body.refused ?? 0, JSON.stringify(body)).toBe(0)
    }
  })
})

describe('the examples of parameters', () => {
  it('are none that the reference would send where a parameter may be left out', () => {
    for (const [name, { parameters = [] }] of operations) {
      for (const { required, example, examples = {}, schema } of parameters) {
        if (required) continue
        expect([name, example]).toEqual([name, undefined])
        const isDisabled = Object.values(examples).map((each) => each['x-disabled'])
        expect([name, isDisabled]).toEqual([name, schema.enum && !('default' in schema) ? [true] : []])
      }
    }
  })

  it('are there for every id in the path, with the call that lists such ids', () => {
    for (const [name, { parameters = [] }] of operations) {
      for (const { in: place, example, description } of parameters) {
        if (place !== 'path') continue
        expect([name, example]).toEqual([name, expect.stringMatching(/^[a-z]{3}_[0-9a-z]{26}$/)])
        const [, list = ''] = /^Listed by `GET (\S+)`\.$/.exec(description ?? '') ?? []
        expect([name, Object.keys(described.paths)]).toEqual([name, expect.arrayContaining([list])])
      }
    }
  })

  it('ask for nothing that has a default', () => {
    for (const [name, { parameters = [], requestBody }] of operations) {
      const body = requestBody?.content['application/json'].schema ?? {}
      const { required = [], properties = {} } = body as {
        required?: string[]
        properties?: Record<string, object>
      }
      expect([name, required.filter((field) => 'default' in (properties[field] ?? {}))]).toEqual([name, []])
      const needed = parameters.filter((parameter) => parameter.in === 'query' && parameter.required)
      expect([name, needed]).toEqual([name, []])
    }
  })
})

describe('the first steps', () => {
  it('show a transfer that works with a key and two users', async () => {
    const { key, ids } = await createDemo()
    const [alice = '', bob = ''] = ids.usr ?? []
    const [script = ''] = /(?<=```sh\n).*?(?=```)/s.exec(described.info.description) ?? []
    const filled = script.replaceAll('$ALICE', alice).replaceAll('$BOB', bob).replaceAll('$KEY', key)
    const [, path = ''] = /^curl http:\/\/localhost:3000(\S+)/m.exec(filled) ?? []
    const headers = [...filled.matchAll(/-H "([^:]+): ([^"]+)"/g)].map(([, name = '', value = '']) => [
      name.toLowerCase(),
      // Nothing here mines, so there is nothing to wait for.
      name === 'Prefer' ? 'wait=0' : value,
    ])
    const [body = ''] = /(?<=<<EOF\n).*?(?=\nEOF)/s.exec(filled) ?? []
    const { status, body: transaction } = await api.request('POST', path, {
      key: null,
      headers: { ...Object.fromEntries(headers), 'ost-economy': ids.eco?.[0] },
      body,
    })
    expect(status, JSON.stringify(transaction)).toBe(202)
    expect(transaction).toMatchObject({ from_user_id: alice, to_user_id: bob })
  })

  it('lead to pages that are there, and leave no gap', async () => {
    const { description } = described.info
    expect(description).not.toContain('{{')
    for (const [, path = ''] of description.matchAll(/\]\(http:\/\/localhost:3000(\S+?)\)/g)) {
      expect([path, (await api.request('GET', path, { key: null })).status]).toEqual([path, 200])
    }
  })
})
