import fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { ProblemSchema } from '#apps/api/plugins/problem.ts'
import { routeContract } from '#apps/api/plugins/route-contract.ts'
import { Type } from 'typebox'

const complete = { summary: 's', tags: ['t'], operationId: 'o', response: { 200: Type.Object({}) } }
const control = { plane: 'control', scope: 'tenant:read' } as const

/** Builds a server with one route; resolves when the contract lets it. */
async function build(config: object | undefined, schema: object, method = 'GET') {
  const app = fastify()
  app.addSchema(ProblemSchema)
  await app.register(routeContract)
  app.route({ method, url: '/x', schema, ...(config && { config }), handler: async () => ({}) })
  await app.ready()
  await app.close()
}

describe('route contract', () => {
  it('lets a complete route through', async () => {
    await expect(build(control, complete)).resolves.toBeUndefined()
    await expect(build({ plane: 'public', scope: null }, { hide: true })).resolves.toBeUndefined()
  })

  it.each([
    ['says nothing', undefined, complete, 'config.plane'],
    ['has no scope', { plane: 'control' }, complete, 'config.scope'],
    ['is a tenant’s and asks for no scope', { plane: 'data', scope: null }, complete, 'needs a scope'],
    ['is public and asks for a scope', { plane: 'public', scope: 'tenant:read' }, complete, 'has no scope'],
    ['does not say what it answers', control, { ...complete, response: undefined }, 'response'],
    ['has no name', control, { ...complete, operationId: undefined }, 'operationId'],
    [
      'lets unknown fields in',
      control,
      { ...complete, body: Type.Object({}) },
      'unknown fields into its body',
    ],
    [
      'lets unknown parameters in',
      control,
      { ...complete, querystring: Type.Object({}) },
      'unknown fields into its querystring',
    ],
  ])('refuses a route that %s', async (_title, config, schema, reason) => {
    await expect(build(config, schema, 'POST')).rejects.toThrow(reason)
  })
})
