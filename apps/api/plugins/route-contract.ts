import type { FastifyInstance, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import type { Scope } from '#core/tenant/scopes.ts'

/**
 * Who a route is for. control: a tenant's administration · data: what is inside one economy · platform: the operator ·
 * public: anyone.
 */
export type Plane = 'control' | 'data' | 'platform' | 'public'

declare module 'fastify' {
  interface FastifyContextConfig {
    plane?: Plane
    /** What the key must be allowed to do; null where no key is asked for. */
    scope?: Scope | null
    /** `required`: the route moves money and takes no request without an Idempotency-Key. */
    idempotency?: 'required'
  }
  interface FastifySchema {
    operationId?: string
    summary?: string
    description?: string
    tags?: readonly string[]
    hide?: boolean
    consumes?: readonly string[]
    produces?: readonly string[]
  }
}

/**
 * Refuses to build an API with a route that does not say who it is for, what it takes and what it answers. So a forgotten
 * scope is found before the first request, not after the first theft.
 */
export const routeContract = fp(async (app: FastifyInstance) => {
  app.addHook('onRoute', (route) => {
    const missing = whatIsMissing(route)
    if (missing) throw new TypeError(`route ${String(route.method)} ${route.url} ${missing}`)
  })
})

function whatIsMissing(route: RouteOptions): string | null {
  const { plane, scope } = route.config ?? {}
  if (plane === undefined) return 'does not declare config.plane'
  if (scope === undefined) return 'does not declare config.scope (null where none is needed)'
  const isTenants = plane === 'control' || plane === 'data'
  if (isTenants !== (scope !== null)) return `is of plane ${plane}, which ${isTenants ? 'needs a' : 'has no'} scope`
  const { summary, tags, operationId, response, body, querystring } = route.schema ?? {}
  if (!route.schema?.hide && !(summary && tags && operationId && response)) {
    return 'does not declare summary, tags, operationId and response in its schema'
  }
  for (const [part, schema] of Object.entries({ body, querystring })) {
    if (schema !== undefined && !isStrict(schema)) return `lets unknown fields into its ${part}: use Strict()`
  }
  return null
}

function isStrict(schema: unknown): boolean {
  return typeof schema === 'object' && schema !== null && 'additionalProperties' in schema && !schema.additionalProperties
}
