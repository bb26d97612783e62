import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { OPERATOR_KEY } from '#test/support/api.ts'
import { useEconomyApi } from '#test/support/economy-api.ts'

interface Pair {
  key: string
  value: string
  disabled?: boolean
}

interface Item {
  name: string
  item?: Item[]
  request?: {
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
    auth?: { bearer?: Pair[] }
    header: Pair[]
    url: { raw: string; path: string[]; query?: Pair[]; variable?: Pair[] }
    body?: { raw: string }
  }
}

interface Collection extends Item {
  info: { schema: string }
  auth: { bearer: Pair[] }
  variable: Pair[]
  item: Item[]
}

const read = (file: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../docs/api/${file}`, import.meta.url), 'utf8'))
const ctx = useEconomyApi()

/** Sends each request as a client that imports the collection would: variables filled in, what is disabled left out. */
/** What a key is told where a person's password or session is asked for: the request itself was understood. */
const OF_A_PERSON: ReadonlySet<string> = new Set([
  'sign_in_failed',
  'refresh_refused',
  'invitation_invalid',
  'session_required',
])

describe('the collection', () => {
  // Written by the generator, which `npm run check` holds against the API.
  const collection = read('ost-kit.postman_collection.json') as Collection
  const requests = collection.item.flatMap(({ item = [] }) => item)

  it('is of the format that Postman, Bruno and Insomnia import, and has each route once', () => {
    expect(collection.info.schema).toContain('/collection/v2.1.0/')
    const { paths } = read('openapi.json') as { paths: Record<string, object> }
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map(
        (method) => `${method.toUpperCase()} {{base_url}}${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
      ),
    )
    expect(requests.map(({ request }) => `${request?.method} ${request?.url.raw}`).toSorted()).toEqual(
      routes.toSorted(),
    )
  })

  it('holds requests that the API takes as they are', async () => {
    const variables = new Map(collection.variable.map(({ key, value }) => [key, value]))
    variables.set('base_url', '').set('api_key', ctx.api.tenant.key).set('operator_key', OPERATOR_KEY)
    variables.set('access_token', ctx.api.tenant.key).set('economy_id', ctx.economyId)
    let sent = 0
    const fill = (text: string) =>
      text.replaceAll(/\{\{([$\w]+)\}\}/g, (_all, name: string) =>
        name === '$guid' ? `key-${(sent += 1)}` : (variables.get(name) ?? ''),
      )
    for (const { name, request } of requests) {
      if (!request) throw new Error(`${name} has a request`)
      const { method, url, header, body, auth = collection.auth } = request
      const query = (url.query ?? [])
        .filter(({ disabled }) => !disabled)
        .map(({ key, value }) => `${key}=${value}`)
      const path = url.path.map((part) => url.variable?.find(({ key }) => part === `:${key}`)?.value ?? part)
      const headers = header
        // The economy is named, which a key of the whole tenant needs.
        .filter(({ key, disabled }) => !disabled || key === 'OST-Economy')
        .map(({ key, value }) => [key, fill(value)])
      const answer = await ctx.api.request(method, `/${path.join('/')}?${query.join('&')}`, {
        key: fill(auth.bearer?.[0]?.value ?? ''),
        headers: Object.fromEntries(headers),
        ...(body && { body: JSON.parse(body.raw) }),
      })
      expect([name, answer.body.code]).not.toEqual([name, 'route_not_found'])
      if (OF_A_PERSON.has(answer.body.code)) continue
      expect([name, answer.status, answer.body.code, answer.body.detail]).not.toEqual([
        name,
        expect.toBeOneOf([400, 401, 403, 415, 500]),
        expect.anything(),
        expect.anything(),
      ])
    }
    expect(sent).toBeGreaterThan(30)
  })
})
