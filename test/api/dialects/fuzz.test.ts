import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi, type TestApi } from '#test/support/api.ts'
import { type Mutation, mutate, mutation, nastyJson, nastyText } from '#test/support/nasty.ts'
import { everyEndpoint, type Served } from '#test/support/ost-endpoints.ts'
import {
  type Claims,
  createOstWorld,
  escaped,
  fillIn,
  type Ids,
  moveTo,
  namesOf,
  type OstWorld,
  pairsOf,
  pathOf,
  queryOf,
  signed,
  type WireRequest,
} from '#test/support/ost-world.ts'
import { tableSums } from '#test/support/table-sums.ts'

/** FUZZ_SEED runs what a failed run did again. */
const seed = Number(process.env['FUZZ_SEED'] ?? randomBytes(4).readInt32LE())
/** Requests to each endpoint, of each sort. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 2)
const TIMEOUT_MS = 60_000

/** Forms that no SDK writes. */
const RAW = [
  '%',
  '%zz=%',
  '&&==&',
  '[=1&]=2',
  'a[b][c][d][e][f][g]=1',
  '__proto__[isAdmin]=true',
  'constructor[prototype][isAdmin]=true',
  'name[__proto__]=x',
  'toString=1&valueOf=2',
  'id[]=1&id=2&id[x]=3',
  'ids[5000]=1',
  'limit[$gt]=0',
  'name=%00',
  '__proto__=%00',
  'toString=%00',
  '%00=1',
  'name=%C0%80',
  'api_key=x&signature=y&api_signature=z',
  'page_no=1&page_no=2',
  'a=1&'.repeat(2_500),
  `ids[]=x&`.repeat(1_100),
]

/** What else is not as it should be: of the path, and of the content type. */
const request = fc.record({
  how: mutation,
  raw: seldom(4, fc.constantFrom(...RAW)),
  id: seldom(4, nastyText),
  isUnknown: fc.boolean(),
  contentType: seldom(15, fc.constantFrom('application/json', 'text/plain', 'application/x', '')),
})

/** Null but for one time in so many. */
function seldom<Some>(times: number, some: fc.Arbitrary<Some>): fc.Arbitrary<Some | null> {
  return fc.oneof({ weight: times - 1, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: some })
}

/** What is wrong with how a request proves itself. */
const forgery = fc.oneof(
  fc.record({ kind: fc.constant('claim' as const), pick: fc.nat(), json: nastyJson }),
  fc.record({ kind: fc.constant('signature' as const), text: nastyText }),
  fc.record({ kind: fc.constantFrom('flipped', 'none', 'twice', 'late', 'moved', 'old', 'ahead') }),
)
type Forgery = typeof forgery extends fc.Arbitrary<infer Some> ? Some : never

let api: TestApi
let world: OstWorld
const logged: string[] = []

beforeAll(async () => {
  api = await startApi({
    env: { LOG_LEVEL: 'debug', RATE_LIMIT_PER_MINUTE: '1000000' },
    deps: () => ({ logTo: { write: (text) => void logged.push(text) } }),
  })
  world = await createOstWorld(api, api.tenant)
})
afterAll(() => api.close())

let addresses = 0
/** So that nobody is told to wait. */
const anAddress = () => `10.${(++addresses >> 16) & 255}.${(addresses >> 8) & 255}.${addresses & 255}`

/** Ids of the asking economy, new where only a new one can be taken. */
const ownIds = (): Ids => ({ ...world.ids, freeDevice: `0x${randomBytes(20).toString('hex')}` })

/** The same ids, a digit further: of nothing. */
const noIds = (ids: Ids): Ids =>
  Object.fromEntries(
    Object.entries(ids).map(([kind, id]) => [
      kind,
      /^\d+$/.test(id) ? `${Number(id) + 7_777}` : `${id.slice(0, -1)}${id.endsWith('0') ? 1 : 0}`,
    ]),
  ) as unknown as Ids

function mangledQuery({ takes }: Served, ids: Ids, how: Mutation): string {
  const { params = {}, also = [] } = takes
  const body = mutate(fillIn(params, ids), [...Object.keys(params), ...also], how)
  const value: unknown = JSON.parse(body)
  const isNamed = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isNamed ? queryOf(value as Record<string, unknown>) : escaped(body)
}

function expectEnvelope(status: number, text: string, told: string): void {
  const body = JSON.parse(text)
  expect(Object.keys(body), told).toEqual(['success', status === 200 ? 'data' : 'err'])
  expect(body.success, told).toBe(status === 200)
  if (status === 200) return
  expect(Object.keys(body.err).toSorted(), told).toEqual(['code', 'error_data', 'internal_id', 'msg'])
  expect(body.err.code, told).toMatch(/^[A-Z_]+$/)
  for (const error of body.err.error_data)
    expect(error, told).toEqual({ parameter: expect.any(String), msg: expect.any(String) })
}

/** Sends it: no 5xx, the dialect's envelope, and no row changed where it was refused. */
async function send(wire: WireRequest): Promise<{ status: number; told: string }> {
  const response = await api.app.inject({ ...wire, remoteAddress: anAddress() })
  const { statusCode: status, body } = response
  const told = `${wire.method} ${wire.url.slice(0, 400)} ${(wire.payload ?? '').slice(0, 400)}: ${status} ${body.slice(0, 500)}`
  expect(status, told).toBeLessThan(500)
  expectEnvelope(status, body, told)
  const after = await tableSums(api)
  if (status !== 200) expect(after === before, `rows changed: ${told}`).toBe(true)
  before = after
  return { status, told }
}
let before: string

/** Runs over every endpoint where it is served to somebody. */
async function overAll(work: (endpoint: Served) => Promise<void>): Promise<void> {
  const endpoints = everyEndpoint()
  expect(endpoints.length).toBeGreaterThan(120)
  for (const environment of ['sandbox', 'production'] as const) {
    await moveTo(api, environment)
    before = await tableSums(api)
    for (const endpoint of endpoints)
      if ((endpoint.base === '/mainnet/v2') === (environment === 'production')) await work(endpoint)
  }
  await moveTo(api, 'sandbox')
}

describe(`every endpoint of the dialects, asked for nonsense (FUZZ_SEED=${seed})`, () => {
  it('believes who signs nonsense, and refuses it as its dialect does', { timeout: TIMEOUT_MS }, async () => {
    const wanted = fc.sample(request, { seed, numRuns: RUNS * everyEndpoint().length })
    const seen = new Map<number, number>()
    await overAll(async (endpoint) => {
      for (const { how, raw, id, isUnknown, contentType } of wanted.splice(0, RUNS)) {
        const own = ownIds()
        const ids = isUnknown ? noIds(own) : own
        const path =
          id === null
            ? pathOf(endpoint, ids)
            : endpoint.path.replaceAll(/:\w+/g, () => escaped(id).slice(0, 300))
        const query = [mangledQuery(endpoint, own, how), ...(raw === null ? [] : [raw])].join('&')
        const wire = signed(endpoint, world, path, query)
        if (contentType !== null) wire.headers = { 'content-type': contentType }
        const { status } = await send(wire)
        seen.set(status, (seen.get(status) ?? 0) + 1)
      }
    })
    // Nonsense is told by the routes themselves: it did get in.
    expect(seen.get(400) ?? 0).toBeGreaterThan(seen.get(401) ?? 0)
    expect(seen.get(200) ?? 0).toBeGreaterThan(20)
    expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined()
  })

  it('believes nobody who signs otherwise than they should', { timeout: TIMEOUT_MS }, async () => {
    const wanted = fc.sample(forgery, { seed, numRuns: RUNS * everyEndpoint().length })
    await overAll(async (endpoint) => {
      for (const how of wanted.splice(0, RUNS)) {
        if (endpoint.by === 'anybody') continue
        const { status, told } = await send(forged(endpoint, how))
        // What no signature is found in is no form, or a wrong one.
        expect([400, 401], `${JSON.stringify(how).slice(0, 200)} ${told}`).toContain(status)
      }
    })
  })

  it.each([
    '/v1.1/users/%ed%a0%80',
    `/v1/users/${'x'.repeat(200)}`,
    '/users/%zz',
    '/transaction-types/%',
    `/testnet/v2/users/${'x'.repeat(200)}/devices`,
    '/mainnet/v2/users/%zz',
  ])('tells a path that no route can have as any other where nothing is: %s', async (url) => {
    const { statusCode, body } = await api.app.inject({ method: 'GET', url })
    expect(statusCode).toBe(404)
    expectEnvelope(404, body, url)
  })

  it('blames a parameter by its name, also by one that every object has', async () => {
    for (const base of ['/v1.1/users', '/users/list', '/testnet/v2/users'])
      for (const name of ['__proto__', 'toString', 'constructor']) {
        const { statusCode, body } = await api.app.inject({ method: 'GET', url: `${base}?${name}=%00` })
        expect(statusCode).toBe(400)
        expect(JSON.parse(body).err.error_data).toEqual([{ parameter: name, msg: 'holds a NUL character' }])
      }
  })

  it('leaves no secret in what was logged', async () => {
    await expect.poll(() => logged.length).toBeGreaterThan(10)
    const log = logged.join('')
    for (const secret of [
      world.keys.v1.secret,
      world.keys.v2.secret,
      world.signer.privateKey,
      api.tenant.key,
    ])
      expect(log.includes(secret), secret.slice(0, 8)).toBe(false)
  })
})

function forged(endpoint: Served, how: Forgery): WireRequest {
  const ids = ownIds()
  const path = pathOf(endpoint, ids)
  const query = queryOf(fillIn(endpoint.takes.params ?? {}, ids))
  const names = namesOf(endpoint)
  const claim = (claims: Claims) => signed(endpoint, world, path, query, claims)
  const secondsAway = (seconds: number) =>
    claim({ [names.timestamp]: String(Math.floor(Date.now() / 1_000) + seconds) })
  const inForm = (change: (form: string) => string) => {
    const wire = claim({})
    if (wire.payload !== undefined) return { ...wire, payload: change(wire.payload) }
    const [where = '', form = ''] = wire.url.split('?')
    return { ...wire, url: `${where}?${change(form)}` }
  }
  const own = new RegExp(`(^|&)${names.signature}=(\\w+)$`)
  switch (how.kind) {
    case 'claim': {
      if (!('json' in how)) throw new TypeError('a claim has a value')
      const claimed = [names.key, names.timestamp, ...(endpoint.by === 'v1' ? [] : [names.kind])]
      const name = claimed[how.pick % claimed.length] ?? names.key
      return claim({ [name]: JSON.parse(how.json) })
    }
    case 'signature':
      if (!('text' in how)) throw new TypeError('a signature has a text')
      return inForm((form) => form.replace(own, `&${pairsOf(names.signature, how.text).join('&')}`))
    case 'flipped':
      return inForm((form) => form.replace(/.$/, (last) => (last === '1' ? '2' : '1')))
    case 'none':
      return inForm((form) => form.replace(own, ''))
    case 'twice':
      return inForm((form) => `${form}&${names.signature}=${'0'.repeat(64)}`)
    case 'late':
      return inForm((form) => `${form}&a_name_nobody_signed=1`)
    case 'moved': {
      const wire = claim({})
      return { ...wire, url: wire.url.replace(/(\?|$)/, '/$1') }
    }
    case 'old':
      return secondsAway(-1_000)
    case 'ahead':
      return secondsAway(1_000)
  }
}
