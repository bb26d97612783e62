import swagger from '@fastify/swagger'
import type { FastifyInstance, FastifySchema, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { type TSchema, Type } from 'typebox'
import type { AppDeps } from '../deps.ts'

const IdempotencyKey = Type.String({
  minLength: 1,
  maxLength: 255,
  description: 'One per intent; the first result is kept at least 7 days and sent again for the same key.',
  examples: ['0f1c7a52-5f0e-4d63-9f6c-6a3a1a6d2a11'],
})
const EconomyId = Type.String({
  description: 'Which economy is meant. Needed with a key of the whole tenant; a key of one economy says it itself.',
  examples: ['eco_01k0g2qz5me93tnsy1xq2zc7ah'],
})

/** Describes the API from the routes' own schemas and declarations (OpenAPI 3.1, served at /openapi.json). */
export const openapi = fp(async (app: FastifyInstance, deps: AppDeps) => {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'OST KIT',
        version: '3',
        description: 'Branded tokens on a real chain, moved by one API call.',
        license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
      },
      servers: [{ url: deps.config.api.publicUrl }],
      components: {
        securitySchemes: {
          apiKey: { type: 'http', scheme: 'bearer', description: 'An API key: ost_test_… or ost_live_…' },
          operatorKey: { type: 'http', scheme: 'bearer', description: "The platform operator's key." },
        },
      },
    },
    refResolver: { buildLocalReference: (schema, _base, _fragment, index) => String(schema['$id'] ?? `Schema${index}`) },
    transform: ({ schema, url, route }) => ({ schema: describe(schema, route), url }),
  })
})

/** Adds to a route's schema what its declarations mean: security, headers, the scope it needs. */
function describe(schema: FastifySchema, route: RouteOptions): FastifySchema {
  const { plane, scope, idempotency } = route.config ?? {}
  const headers: Record<string, TSchema> = {}
  if (route.method === 'POST' && !schema.hide) {
    headers['Idempotency-Key'] = idempotency === 'required' ? IdempotencyKey : Type.Optional(IdempotencyKey)
  }
  if (plane === 'data') headers['OST-Economy'] = Type.Optional(EconomyId)
  const security = plane === 'platform' ? [{ operatorKey: [] }, {}] : scope ? [{ apiKey: [] }] : []
  const needs = scope ? `Scope: \`${scope}\`.` : ''
  return {
    ...schema,
    security,
    ...(Object.keys(headers).length > 0 && { headers: Type.Object(headers) }),
    description: [schema.description, needs].filter(Boolean).join('\n\n'),
  }
}
