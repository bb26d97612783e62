import { createConfig, lintFromString } from '@redocly/openapi-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  complaintOf,
  describedAnswer,
  type OpenApi,
  problemsOfExamples,
  type SeenAnswer,
} from '#test/support/answers.ts'
import { startApi, type TestApi } from '#test/support/api.ts'

let api: TestApi
let document: OpenApi
beforeAll(async () => {
  api = await startApi({ env: { PUBLIC_URL: 'https://api.ost-kit.test' } })
  document = (await api.request('GET', '/openapi.json', { key: null })).body
})
afterAll(() => api.close())

describe('the OpenAPI document', () => {
  it('lints clean: no error, no warning', async () => {
    const config = await createConfig({
      extends: ['recommended-strict'],
      // Liveness is never refused, so it has no answer of 4xx to describe.
      rules: { 'operation-4xx-response': 'off' },
    })
    const source = JSON.stringify(document)
    const problems = await lintFromString({ source, absoluteRef: '/openapi.json', config })
    expect(
      problems.map(({ ruleId, message, location: [at] }) => `${ruleId} ${message} ${at?.pointer}`),
    ).toEqual([])
  })

  it('has examples that its own schemas allow', () => {
    const { seen, problems } = problemsOfExamples(document)
    expect(problems).toEqual([])
    expect(seen).toBeGreaterThan(100)
  })

  it('describes each header once, and names it on answers', () => {
    const named = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).flatMap(({ responses }) =>
        Object.values(responses).flatMap((answer) =>
          Object.keys(describedAnswer(document, answer)?.headers ?? {}),
        ),
      ),
    )
    expect([...new Set(named)].toSorted()).toEqual(Object.keys(document.components.headers ?? {}).toSorted())
  })

  it('describes each refusal once, so that it stays small enough to be read by tools and people', () => {
    const refusals = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).flatMap(({ responses }) =>
        Object.entries(responses).filter(([status]) => status >= '400'),
      ),
    )
    expect(refusals.filter(([, { $ref }]) => !$ref?.startsWith('#/components/responses/'))).toEqual([])
    const shared = Object.values(document.components.responses ?? {}).map((answer) => JSON.stringify(answer))
    expect(new Set(shared).size).toBe(shared.length)
    const named = new Set(refusals.map(([, { $ref }]) => $ref?.split('/').at(-1) ?? ''))
    expect([...named].toSorted()).toEqual(Object.keys(document.components.responses ?? {}).toSorted())
    expect(JSON.stringify(document).length).toBeLessThan(450_000)
  })
})

/** Every answer that any test of the API gets is held against the document. Here it is proved that this would be noticed. */
describe('the judge of answers', () => {
  const ask = async (): Promise<SeenAnswer> => {
    const answer = await api.request('GET', '/v3/members')
    return structuredClone({ ...answer, headers: { ...answer.headers } })
  }
  const complain = (answer: SeenAnswer, url = '/v3/members') => complaintOf(document, 'GET', url, answer)
  // The answer's shape is what these tests bend.
  // oxlint-disable-next-line typescript/no-explicit-any
  const planted = async (plant: (answer: { status: number; headers: any; body: any }) => void) => {
    const answer = await ask()
    expect(complain(answer)).toBeNull()
    plant(answer)
    return complain(answer)
  }

  it.each<[what: string, plant: Parameters<typeof planted>[0], complaint: string]>([
    ['a field too many', ({ body }) => (body.total = 1), 'must NOT have additional properties'],
    ['such a field deep inside', ({ body }) => (body.data[0].password = 'x'), 'must NOT have additional'],
    ['a field too few', ({ body }) => delete body.data[0].email, "must have required property 'email'"],
    ['a wrong type', ({ body }) => (body.has_more = 'no'), 'must be boolean'],
    ['null where none may be', ({ body }) => (body.data[0].name = null), 'must be string'],
    ['a value that is not listed', ({ body }) => (body.data[0].role = 'god'), 'must be equal to one of'],
    ['a time that is none', ({ body }) => (body.data[0].created_at = 'today'), 'must match format'],
    ['an undocumented status', (answer) => (answer.status = 418), 'the status is not documented'],
    ['a status of another body', (answer) => (answer.status = 404), 'the status is not documented'],
    [
      'an undocumented header',
      ({ headers }) => (headers['x-powered-by'] = 'x'),
      'the header x-powered-by is',
    ],
    ['a missing request id', ({ headers }) => delete headers['x-request-id'], 'X-Request-Id is missing'],
    ['another media type', ({ headers }) => (headers['content-type'] = 'text/html'), 'text/html is not'],
  ])('sees %s', async (_what, plant, complaint) => {
    expect(await planted(plant)).toContain(complaint)
  })

  it('sees an answer of a route that nobody documented', async () => {
    expect(complain(await ask(), '/v3/secrets')).toContain('no route is documented')
  })

  it('fails the request itself, however a test makes it', async () => {
    const described = document.paths['/v3/members']?.['get']?.responses ?? {}
    const served = api.app.swagger() as unknown as OpenApi
    const responses = served.paths['/v3/members']?.['get']?.responses ?? {}
    const kept = responses['200']
    delete responses['200']
    try {
      await expect(api.request('GET', '/v3/members')).rejects.toThrow('the status is not documented')
      await expect(api.app.inject({ method: 'GET', url: '/v3/members' })).resolves.toMatchObject({
        statusCode: 401,
      })
    } finally {
      if (kept) responses['200'] = kept
    }
    expect(Object.keys(described)).toContain('200')
  })
})
