import { randomBytes } from 'node:crypto'
import type { Redis } from 'ioredis'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DATA_SCOPES } from '#core/tenant/scopes.ts'
import { describedAnswer, type OpenApi } from '#test/support/answers.ts'
import { OPERATOR_KEY, type RequestOptions, startApi, type TestApi, uuidOfWire } from '#test/support/api.ts'
import { aPerson, signIn } from '#test/support/sign-in.ts'

interface Route {
  method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  path: string
  isOperators: boolean
  /** What it takes: a tenant's key, a person's access token, or nothing. */
  isMembers: boolean
  isOpen: boolean
  takesKey: boolean
  /** Whether the answer depends on what was asked with the key before. */
  remembersKey: boolean
  needsEconomy: boolean
  answers: string[]
  /** The documented example, whose ids are of nothing. */
  body: unknown
}

interface Operation {
  security?: object[]
  parameters?: { name: string }[]
  responses: OpenApi['paths'][string][string]['responses']
  requestBody?: { content: { 'application/json': { example?: unknown } } }
}

const UNKNOWN_SUFFIX = '01jc0000000000000000000000'
/** What the segment before an id says its prefix is. */
const PREFIX_OF: Record<string, string> = {
  members: 'mem',
  sessions: 'ses',
  'api-keys': 'key',
  economies: 'eco',
  users: 'usr',
  'transaction-types': 'typ',
  'token-rules': 'rul',
  'price-points': 'prc',
  transactions: 'txn',
  airdrops: 'air',
  'redeemable-skus': 'sku',
  redemptions: 'rdm',
  webhooks: 'whk',
  deliveries: 'evt',
  submissions: 'sub',
}

/**
 * What every route of a kind documents, because of its kind, on every route that documents it: found in the description, so
 * that a new route is asked too.
 */
describe('every documented answer', () => {
  let api: TestApi
  let economyId: string
  let routes: Route[]
  let accessToken: string
  /** What the limiter, which every request passes, breaks with. */
  let broken: Error | null = null
  beforeAll(async () => {
    const store = {
      get status() {
        if (broken) throw broken
        return 'end'
      },
    }
    // The limiter asks a Redis that is not ready for nothing but its status.
    api = await startApi({ deps: () => ({ redis: store as unknown as Redis }) })
    economyId = (await api.createEconomy()).id
    routes = await routesOf(api)
    accessToken = (await signIn(api, await aPerson(api))).accessToken
  })
  afterAll(() => api.close())

  const ask = (route: Route, options: RequestOptions = {}, from = api) =>
    from.request(route.method, urlOf(route), {
      key: route.isOperators ? OPERATOR_KEY : route.isMembers && from === api ? accessToken : from.tenant.key,
      ...options,
    })
  const documenting = (status: number) => routes.filter(({ answers }) => answers.includes(String(status)))
  let addresses = 0
  /** An address that no request came from yet. */
  const anAddress = () => `2001:db8::${(++addresses).toString(16)}`

  it.each([
    [500, 'internal_error', new Error('a bug')],
    [503, 'overloaded', Object.assign(new Error('no database'), { code: 'ECONNREFUSED' })],
  ])('%i: says so where a part breaks, in the same shape (%s)', async (status, code, error) => {
    const answers = []
    broken = error
    try {
      for (const route of documenting(status))
        answers.push({ route, answer: await ask(route, { key: null, ip: anAddress() }) })
    } finally {
      broken = null
    }
    for (const { route, answer } of answers)
      expect({ route, status: answer.status, code: answer.body.code }).toEqual({ route, status, code })
  })

  it('429: counts every route that says it counts', async () => {
    const limited = await startApi({ env: { RATE_LIMIT_PER_MINUTE: '1' } })
    try {
      await limited.request('GET', '/v3/tenant')
      for (const route of documenting(429))
        expect([route.path, (await ask(route, {}, limited)).status]).toEqual([route.path, 429])
    } finally {
      await limited.close()
    }
  })

  it('403: lets a key work from its addresses only', async () => {
    const key = await api.createKey({ ip_allow_list: ['198.51.100.0/24'], scopes: [...DATA_SCOPES] })
    for (const route of documenting(403).filter(
      ({ isOperators, isMembers, isOpen }) => !isOperators && !isMembers && !isOpen,
    )) {
      const { body } = await ask(route, { key, ip: '192.0.2.1' })
      expect([route.path, body.code]).toEqual([route.path, 'ip_not_allowed'])
    }
  })

  it('400: needs to know the economy', async () => {
    for (const route of routes.filter(({ needsEconomy }) => needsEconomy)) {
      const { body } = await ask(route)
      expect([route.path, body.code]).toEqual([route.path, 'economy_required'])
    }
  })

  it('400, 413 and 415: takes neither a broken or a huge body nor another media type', async () => {
    const huge = {
      body: JSON.stringify('x'.repeat(1_048_577)),
      headers: { 'content-type': 'application/json' },
    }
    const xml = { body: '<x/>', headers: { 'content-type': 'application/xml' } }
    const broken = { body: '{', headers: { 'content-type': 'application/json' } }
    for (const route of documenting(413)) {
      const economy = route.needsEconomy ? { economy: economyId } : {}
      expect([route.path, (await ask(route, { ...economy, ...huge })).status]).toEqual([route.path, 413])
      expect([route.path, (await ask(route, { ...economy, ...xml })).status]).toEqual([route.path, 415])
      expect([route.path, (await ask(route, { ...economy, ...broken })).status]).toEqual([route.path, 400])
    }
  })

  describe('with an idempotency key', () => {
    const KEY = `taken-${randomBytes(16).toString('hex')}`
    const keyed = () => routes.filter(({ remembersKey }) => remembersKey)
    const withKey = (route: Route, once: string) =>
      ask(route, {
        once,
        ...(route.needsEconomy && { economy: economyId }),
        ...(route.body !== undefined && { body: route.body }),
      })

    it('400: refuses one that is too long', async () => {
      for (const route of routes.filter(({ takesKey }) => takesKey)) {
        const { body } = await withKey(route, 'x'.repeat(256))
        expect([route.path, body.errors?.[0]?.pointer]).toEqual([route.path, 'Idempotency-Key'])
      }
    })

    it('422: refuses one that belongs to another request', async () => {
      const types = { name: 'taken', kind: 'user_to_user' as const }
      const inEconomy = { once: KEY, economy: economyId, body: types }
      expect((await api.request('POST', '/v3/transaction-types', inEconomy)).status).toBe(201)
      const member = { email: 'taken@example.com', name: 'T', role: 'viewer' }
      expect((await api.request('POST', '/v3/members', { once: KEY, body: member })).status).toBe(201)
      for (const route of keyed().filter(({ path }) => path !== '/v3/tenants')) {
        const { body } = await withKey(route, KEY)
        expect.soft([route.path, body.code]).toEqual([route.path, 'idempotency_key_reused'])
      }
    })

    it('409: asks to wait while the first request runs', async () => {
      const client = new pg.Client({ connectionString: api.database.ownerUrl })
      await client.connect()
      try {
        const once = `held-${randomBytes(16).toString('hex')}`
        for (const scope of [uuidOfWire(economyId), uuidOfWire(api.tenant.id)])
          await client.query(
            `SELECT pg_advisory_lock(hashtextextended('idempotency:' || $1 || ':' || $2, 0))`,
            [scope, once],
          )
        // These have no record yet that could be held; their own tests send two at once.
        const others = [
          '/v3/tenants',
          '/v3/transactions',
          '/v3/transactions/batch',
          '/v3/redemptions',
          '/v3/users/{id}/unstakes',
        ]
        for (const route of keyed().filter(({ path }) => !others.includes(path))) {
          const { body } = await withKey(route, once)
          expect.soft([route.path, body.code]).toEqual([route.path, 'idempotency_key_in_progress'])
        }
      } finally {
        await client.end()
      }
    })
  })
})

async function routesOf(api: TestApi): Promise<Route[]> {
  const { body } = await api.request('GET', '/openapi.json', { key: null })
  const paths = Object.entries(body.paths as Record<string, Record<string, Operation>>)
  return paths.flatMap(([path, operations]) =>
    Object.entries(operations)
      // Whoever is counted is asked; health is not.
      .filter(([, { responses }]) => responses['429'] !== undefined)
      .map(([method, { security = [], parameters = [], responses, requestBody }]) => ({
        // The description's methods are HTTP's, in lower case.
        method: method.toUpperCase() as Route['method'],
        path,
        isOpen: security.length === 0,
        isMembers: security.length === 1 && security.some((way) => 'accessToken' in way),
        isOperators: security.some((way) => 'operatorKey' in way),
        takesKey: parameters.some(({ name }) => name === 'Idempotency-Key'),
        remembersKey:
          describedAnswer(body, responses['422'])?.description?.includes('idempotency_key_reused') === true,
        needsEconomy: path !== '/graphql' && parameters.some(({ name }) => name === 'OST-Economy'),
        answers: Object.keys(responses),
        body: requestBody?.content['application/json'].example,
      })),
  )
}

function urlOf({ path }: Route): string {
  let before = ''
  const segments = path.split('/').map((segment) => {
    if (!segment.startsWith('{')) before = segment
    return segment.startsWith('{') ? `${PREFIX_OF[before] ?? 'xxx'}_${UNKNOWN_SUFFIX}` : segment
  })
  return segments.join('/')
}
