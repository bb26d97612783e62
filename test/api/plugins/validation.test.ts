import fastify, { type FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { firstUse } from '#apps/api/plugins/first-use.ts'
import { validation } from '#apps/api/plugins/validation.ts'
import { InvalidRequest } from '#core/shared/errors.ts'

/** More characters than a body may have of which every error is listed. */
const LONG = 'x'.repeat(70_000)

let app: FastifyInstance
beforeAll(async () => {
  app = fastify()
  await app.register(firstUse, { soon: () => false })
  await app.register(validation)
  app.setErrorHandler((error, _request, reply) =>
    reply.code(400).send(error instanceof InvalidRequest ? error.fields : null),
  )
  const properties = { name: { type: 'string' }, age: { type: 'integer' }, note: { type: 'string' } }
  const body = { type: 'object', properties, required: ['name', 'age'] }
  app.post('/people', { schema: { body } }, async () => null)
  await app.ready()
})
afterAll(() => app.close())

async function refusal(payload: object): Promise<unknown> {
  const answer = await app.inject({ method: 'POST', url: '/people', payload })
  return answer.json()
}

it('lists everything that is wrong with a body', async () => {
  expect(await refusal({})).toEqual([
    { pointer: '/name', detail: 'is missing' },
    { pointer: '/age', detail: 'is missing' },
  ])
})

it('names the first thing that is wrong with a long one, and nothing of a request before it', async () => {
  const first = [{ pointer: '/age', detail: 'must be integer' }]
  expect(await refusal({ name: 'Ada', age: 'old', note: LONG })).toEqual(first)
  await refusal({})
  expect(await refusal({ name: 'Ada', age: 'old', note: LONG })).toEqual(first)
})
