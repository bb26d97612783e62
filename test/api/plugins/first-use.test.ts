import fastify, { type FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { firstUse, isOfMoney, type SchemaPlace } from '#apps/api/plugins/first-use.ts'
import { serialization } from '#apps/api/plugins/serialization.ts'
import { validation } from '#apps/api/plugins/validation.ts'
import { startApi, type TestApi } from '#test/support/api.ts'

const NAME = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] }
const BROKEN = { type: 'object', properties: { name: { type: 'no such type' } } }

const isOfOthers = ({ url }: SchemaPlace) => url === '/others'

async function anApp(body: object, answer: object = NAME): Promise<FastifyInstance> {
  const app = fastify()
  app.addSchema({ $id: 'Shared', type: 'string' })
  await app.register(firstUse, { soon: isOfOthers })
  await app.register(serialization)
  await app.register(validation)
  app.post('/names', { schema: { body, response: { 200: answer } } }, async ({ body: given }) => given)
  app.get('/others', { schema: { response: { 200: NAME } } }, async () => ({ name: 'Ada' }))
  await app.ready()
  return app
}

describe('atFirstUse', () => {
  it('compiles once, when the function is first called', async () => {
    const app = await anApp(NAME)
    let compiled = 0
    const double = app.atFirstUse({ url: '/twice' }, () => {
      compiled += 1
      return (value) => Number(value) * 2
    })
    expect(compiled).toBe(0)
    expect([double(1), double(2), double(3)]).toEqual([2, 4, 6])
    expect(compiled).toBe(1)
  })

  it('has every request checked and every answer written by its schema, from the first on', async () => {
    const app = await anApp(NAME, { ...NAME, properties: { name: { $ref: 'Shared#' } } })
    for (const _time of [1, 2]) {
      const good = await app.inject({ method: 'POST', url: '/names', payload: { name: 'Ada', age: 36 } })
      expect([good.statusCode, good.body]).toEqual([200, '{"name":"Ada"}'])
      expect((await app.inject({ method: 'POST', url: '/names', payload: {} })).statusCode).not.toBe(200)
    }
  })
})

describe('compileSchemas', () => {
  it('says which schema is wrong: of a request', async () => {
    const app = await anApp(BROKEN)
    expect(() => app.compileSchemas()).toThrow('schema is invalid')
  })

  it('says which schema is wrong: of an answer', async () => {
    const app = await anApp(NAME, BROKEN)
    expect(() => app.compileSchemas()).toThrow('schema is invalid')
  })

  it('leaves those that are not meant for later', async () => {
    const app = await anApp(BROKEN)
    expect(() => app.compileSchemas(isOfOthers)).not.toThrow()
    expect(() => app.compileSchemas()).toThrow('schema is invalid')
  })
})

describe('soon', () => {
  it('is compiled once the process listens, before anybody asks', async () => {
    const app = await anApp(NAME)
    let compiled: string[] = []
    for (const url of ['/names', '/others'])
      app.atFirstUse({ url }, () => {
        compiled = [...compiled, url]
        return () => null
      })
    await app.listen({ host: '127.0.0.1', port: 0 })
    await new Promise((resolve) => setImmediate(resolve))
    expect(compiled).toEqual(['/others'])
    await app.close()
  })
})

describe('the API', () => {
  let api: TestApi
  beforeAll(async () => {
    api = await startApi()
  })
  afterAll(() => api.close())

  it('prepares for money: the body of a transaction, and its acceptance', () => {
    const prepared: SchemaPlace[] = []
    api.app.compileSchemas((place) => {
      if (isOfMoney(place)) prepared.push(place)
      return false
    })
    expect(prepared.map(({ httpPart, httpStatus }) => httpPart ?? httpStatus)).toEqual(['body', '202'])
  })

  it('has no schema that does not compile', () => {
    expect(() => api.app.compileSchemas()).not.toThrow()
  })
})
