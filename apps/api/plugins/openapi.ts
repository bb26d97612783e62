import { readFileSync } from 'node:fs'
import { STATUS_CODES } from 'node:http'
import { isDeepStrictEqual } from 'node:util'
import swagger from '@fastify/swagger'
import type { FastifyInstance, FastifySchema, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { type TSchema, Type } from 'typebox'
import { PAGE_LIMIT_MAX } from '#core/shared/page.ts'
import type { AppDeps } from '../deps.ts'
import { Id } from '../schemas/common.ts'
import { WAIT_SECONDS_MAX } from '../schemas/transactions.ts'
import { describeHeaders } from './answer-headers.ts'
import { asSent, isSchema, type Json, type Schema, unsentUnlessNeeded } from './as-sent.ts'
import { type Plane, takesKey } from './route-contract.ts'
import { shareRefusals } from './share-refusals.ts'

const IdempotencyKey = Type.String({
  minLength: 1,
  maxLength: 255,
  description:
    'A new one for each intent, a UUID for example; the first result is kept at least 7 days and sent again for the same key.',
})
const EconomyId = Id(
  'eco',
  'Which economy is meant. Needed with a key of the whole tenant; a key of one economy says it itself.',
)

const Prefer = Type.String({
  maxLength: 100,
  description: `RFC 7240: \`wait=N\` holds the answer for at most N seconds (up to ${WAIT_SECONDS_MAX}) until the ledger has settled it.`,
})

/** Describes the API from the routes' own schemas and declarations (OpenAPI 3.1, served at /openapi.json). */
export const openapi = fp(async (app: FastifyInstance, deps: AppDeps) => {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'OST KIT',
        version: '3',
        get description() {
          return firstSteps(deps)
        },
        license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
      },
      servers: [{ url: deps.config.api.publicUrl }],
      components: {
        securitySchemes: {
          apiKey: { type: 'http', scheme: 'bearer', description: 'An API key: ost_test_… or ost_live_…' },
          accessToken: {
            type: 'http',
            scheme: 'bearer',
            bearerFormat: 'JWT',
            description: 'What a person gets for signing in: `POST /v3/auth/sign-in`.',
          },
          operatorKey: { type: 'http', scheme: 'bearer', description: "The platform operator's key." },
        },
      },
    },
    refResolver: { buildLocalReference: nameOfShared },
    transform: ({ schema, url, route }) => ({ schema: describe(schema, route), url }),
    transformObject: (document) =>
      'openapiObject' in document
        ? shareRefusals(describeHeaders(nameResources(document.openapiObject)))
        : document.swaggerObject,
  })
})

/** What the page begins with: how to make a first call, and what holds for all of them. */
function firstSteps({ config: { api } }: AppDeps): string {
  const values: Record<string, string> = {
    url: api.publicUrl,
    waitSeconds: String(WAIT_SECONDS_MAX),
    pageLimit: String(PAGE_LIMIT_MAX),
    rateLimit: api.rateLimitPerMinute.toLocaleString('en'),
  }
  const text = readFileSync(new URL('../first-steps.md', import.meta.url), 'utf8')
  return text.replaceAll(/\{\{(\w+)\}\}/g, (placeholder, name: string) => values[name] ?? placeholder)
}

/** A shared schema keeps its own name in the document. */
function nameOfShared(schema: { $id?: unknown }, _base: unknown, _fragment: unknown, index: number): string {
  return typeof schema.$id === 'string' ? schema.$id : `Schema${index}`
}

/** Adds to a route's schema what its declarations mean: security, headers, the scope it needs. */
function describe(schema: FastifySchema, route: RouteOptions): FastifySchema {
  const { plane, scope, idempotency, waits } = route.config ?? {}
  const examples = [`${schema.operationId}-1`]
  const headers: Record<string, TSchema> = {}
  if (takesKey(route)) {
    headers['Idempotency-Key'] =
      idempotency === 'required' ? { ...IdempotencyKey, examples } : Type.Optional(IdempotencyKey)
  }
  if (plane === 'data' || plane === 'graphql') headers['OST-Economy'] = Type.Optional(EconomyId)
  if (waits) headers['Prefer'] = Type.Optional(Prefer)
  const security = securityOf(plane)
  // Fastify leaves the type open; the route contract made sure that it is an object of schemas.
  const declared = Object.entries((schema.response ?? {}) as Record<string, Schema>)
  const response = declared.map(([status, answer]) => [
    status,
    { ...answer, [DESCRIPTION]: descriptionOf(status, answer) },
  ])
  const needs = scope ? `Scope: \`${scope}\`.` : ''
  return {
    ...schema,
    ...(isSchema(schema.body) && { body: asSent(schema.body) }),
    ...(isSchema(schema.querystring) && { querystring: unsentUnlessNeeded(asSent(schema.querystring)) }),
    security,
    response: Object.fromEntries(response),
    ...(Object.keys(headers).length > 0 && { headers: unsentUnlessNeeded({ ...Type.Object(headers) }) }),
    description: [schema.description, needs].filter(Boolean).join('\n\n'),
  }
}

function securityOf(plane: Plane | undefined): Record<string, string[]>[] {
  if (plane === 'public' || plane === 'sign-in') return []
  if (plane === 'platform') return [{ operatorKey: [] }, {}]
  return plane === 'member' ? [{ accessToken: [] }] : [{ apiKey: [] }, { accessToken: [] }]
}

/** What @fastify/swagger reads an answer's description from. */
const DESCRIPTION = 'x-response-description'

function descriptionOf(status: string, { description }: Schema): Json {
  return description ?? STATUS_CODES[status]
}

/**
 * Gives every resource of the answers one named schema, after its `object` field, so that generated clients have one type for
 * each; and says of every list of texts that it is one.
 */
function nameResources<Document extends { components?: object | undefined; paths?: object | undefined }>(
  document: Document,
): Document {
  const named: Schema = {}
  const visit = (node: Json): Json => {
    if (Array.isArray(node)) return node.map(visit)
    if (!isSchema(node)) return node
    const visited: Schema = Object.fromEntries(
      Object.entries(node).map(([key, value]) => [key, visit(value)]),
    )
    if (isTextEnum(visited)) visited['type'] = 'string'
    const name = nameOf(visited)
    if (name === null) return visited
    named[name] ??= visited
    // Another shape of the same resource (a created tenant brings its key along) stays where it is.
    return isDeepStrictEqual(named[name], visited) ? { $ref: `#/components/schemas/${name}` } : visited
  }
  const paths = visit(document.paths ?? {})
  const { schemas = {}, ...others } = (document.components ?? {}) as { schemas?: object }
  return { ...document, paths, components: { ...others, schemas: { ...schemas, ...named } } }
}

function isTextEnum({ enum: values, type }: Schema): boolean {
  return type === undefined && Array.isArray(values) && values.every((value) => typeof value === 'string')
}

/**
 * `TransactionType` for a schema whose field `object` is always `transaction_type`, unless its title says otherwise. Lists
 * have no name: each has its own items.
 */
function nameOf({ properties, title }: Schema): string | null {
  const object = isSchema(properties) ? properties['object'] : undefined
  const values = isSchema(object) ? object['enum'] : undefined
  const [value] = Array.isArray(values) && values.length === 1 ? values : []
  if (typeof value !== 'string' || value === 'list') return null
  if (typeof title === 'string') return title
  return value.replaceAll(/(?:^|_)([a-z])/g, (_match, letter: string) => letter.toUpperCase())
}
