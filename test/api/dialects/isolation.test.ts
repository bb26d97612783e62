import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startApi, type TestApi, uuidOfWire } from '#test/support/api.ts'
import { everyEndpoint, inPath, type Served } from '#test/support/ost-endpoints.ts'
import {
  createOstWorld,
  fillIn,
  type IdKind,
  type Ids,
  moveTo,
  namedIn,
  type OstWorld,
  pathOf,
  queryOf,
  signed,
} from '#test/support/ost-world.ts'
import { tableSums } from '#test/support/table-sums.ts'

/**
 * Isolation on every endpoint of the dialects: whatever id of another tenant's economy a request names, in its path or in its
 * parameters, it is answered exactly as for an id of that form that does not exist, and the other economy's rows stay as they were.
 * The endpoints are those of test/support/ost-endpoints.ts, which every-endpoint.test.ts holds to be all that there are; one
 * whose path names something new fails here until it is said what that is.
 */

/** Of the platform, not of an economy. */
const NOBODYS = new Set<IdKind>(['chain'])
/** Browsers without a key ask which sites may use a token's wallet. */
const ANYBODYS = new Set(['/tokens/:token_id/validate-domain'])

let api: TestApi
let asker: OstWorld
let other: OstWorld
let unknown: Ids

beforeAll(async () => {
  api = await startApi()
  other = await createOstWorld(api, api.tenant, 54_321)
  asker = await createOstWorld(api, await api.createTenant())
  // Ids are told apart by nothing but being there: even their order is the same.
  unknown = Object.fromEntries(
    Object.entries(other.ids).map(([kind, id]) => [kind, alike(id)]),
  ) as unknown as Ids
})
afterAll(() => api.close())

/** An id of the same form that nothing has. */
function alike(id: string): string {
  if (/^\d+$/.test(id)) return String(Number(id) + 4_321)
  const last = id.at(-1) === '0' ? '1' : '0'
  return `${id.slice(0, -1)}${last}`
}

interface Naming {
  endpoint: Served
  kind: IdKind
}

/** Each endpoint with each kind of id that it takes. */
function everyNaming(): Naming[] {
  return everyEndpoint().flatMap((endpoint) => {
    const { path, takes } = endpoint
    const inParams = Object.values(takes.params ?? {}).flatMap(namedIn)
    const names = [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => inPath(path, name, takes))
    const kinds = new Set([...names, ...inParams, ...(path.includes(':user_id') ? (['user'] as const) : [])])
    return [...kinds].filter((kind) => !NOBODYS.has(kind)).map((kind) => ({ endpoint, kind }))
  })
}

/** What is answered to `who`, all of whose ids are its own but the one, which is called `<id>`. */
async function told(who: OstWorld, { endpoint, kind }: Naming, id: string, params = endpoint.takes.params) {
  const ids = { ...who.ids, [kind]: id }
  const path = pathOf(
    // The company's endpoint, asked about a user.
    kind === 'user' ? { ...endpoint, takes: { ...endpoint.takes, path: {} } } : endpoint,
    ids,
  )
  const query = queryOf(fillIn(params ?? {}, ids))
  const response = await api.app.inject(signed(endpoint, who, path, query))
  const text = response.body
    .replaceAll(id, '<id>')
    .replaceAll(/"(internal_id|\w*timestamp|pagination_identifier)":("[^"]*"|\d+)/g, '"$1":"-"')
  return { status: response.statusCode, text }
}

const titleOf = ({ endpoint: { method, base, path }, kind }: Naming) => `${method} ${base}${path} (${kind})`

describe('another economy’s id', () => {
  const cases = everyNaming()

  it.each(['sandbox', 'production'] as const)(
    'is answered as one that does not exist, and nothing of the other economy changes: %s',
    async (environment) => {
      const served = cases.filter(
        ({ endpoint: { base } }) => (base === '/mainnet/v2') === (environment === 'production'),
      )
      expect(served.length).toBeGreaterThan(30)
      await moveTo(api, environment)
      const before = await tableSums(api, uuidOfWire(other.tenant.id))
      for (const naming of served) {
        const foreign = await told(asker, naming, other.ids[naming.kind])
        const missing = await told(asker, naming, unknown[naming.kind])
        expect({ of: titleOf(naming), ...foreign }).toEqual({ of: titleOf(naming), ...missing })
        expect(foreign.status, `${titleOf(naming)}: ${foreign.text}`).toBeLessThan(500)
        for (const [kind, id] of Object.entries(other.ids))
          if (!['chain', 'action', 'sku', 'token'].includes(kind))
            expect(foreign.text, titleOf(naming)).not.toContain(id)
      }
      expect(await tableSums(api, uuidOfWire(other.tenant.id))).toBe(before)
      await moveTo(api, 'sandbox')
    },
  )

  it('is nothing to go on after in a list', async () => {
    const lists = everyEndpoint().filter(
      ({ takes, base }) => takes.pagesBy !== undefined && base !== '/mainnet/v2',
    )
    expect(lists.length).toBeGreaterThan(4)
    for (const endpoint of lists) {
      const kind = endpoint.takes.pagesBy ?? expect.unreachable()
      const after = (id: string) => ({
        pagination_identifier: Buffer.from(
          JSON.stringify({ lastEvaluatedKey: id, page: 2, limit: 10 }),
        ).toString('base64'),
      })
      const ask = (id: string) => {
        const naming = { endpoint, kind: 'chain' } as const
        return told(asker, naming, asker.ids.chain, after(id))
      }
      const foreign = await ask(other.ids[kind])
      expect({ endpoint, ...foreign }).toEqual({ endpoint, ...(await ask(unknown[kind])) })
      expect(foreign.status, foreign.text).toBe(200)
    }
  })

  it('is known to its own economy: there it is answered otherwise than one that does not exist', async () => {
    for (const naming of cases) {
      const { path, base } = naming.endpoint
      if (base === '/mainnet/v2' || ANYBODYS.has(path)) continue
      const missing = await told(other, naming, unknown[naming.kind])
      const own = await told(other, naming, other.ids[naming.kind])
      expect({ of: titleOf(naming), ...own }).not.toEqual({ of: titleOf(naming), ...missing })
    }
  })
})
