import type { FastifyInstance, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import type { ErrorCode } from '#core/shared/errors.ts'
import type { Scope } from '#core/tenant/scopes.ts'
import { withProblems } from './problem.ts'

/**
 * Who a route is for. control: a tenant's administration · data: what is inside one economy · platform: the operator ·
 * graphql: a tenant, with scopes asked for field by field · sign-in: anyone, counted by address · member: a person about
 * themselves · dialect: an SDK of OST inside one economy · public: anyone.
 */
export type Plane = 'control' | 'data' | 'dialect' | 'graphql' | 'member' | 'platform' | 'public' | 'sign-in'

declare module 'fastify' {
  interface FastifyContextConfig {
    plane?: Plane
    /** What the key must be allowed to do; null where no key is asked for. */
    scope?: Scope | null
    /**
     * `required`: the route moves money and takes no request without an Idempotency-Key. `none`: repeating it changes nothing,
     * so it takes a key as every POST does, and looks nothing up by it.
     */
    idempotency?: 'required' | 'none'
    /** Whether the answer may wait for the outcome, by the header Prefer. */
    waits?: true
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
    const { response } = route.schema ?? {}
    if (isObject(response)) {
      route.schema = { ...route.schema, response: withProblems(response, commonCodes(route)) }
    }
  })
})

function whatIsMissing(route: RouteOptions): string | null {
  const { plane, scope } = route.config ?? {}
  if (plane === undefined) return 'does not declare config.plane'
  if (scope === undefined) return 'does not declare config.scope (null where none is needed)'
  const isTenants = plane === 'control' || plane === 'data' || plane === 'dialect'
  if (isTenants !== (scope !== null))
    return `is of plane ${plane}, which ${isTenants ? 'needs a' : 'has no'} scope`
  const { summary, tags, operationId, response, body, querystring } = route.schema ?? {}
  if (!route.schema?.hide && !(summary && tags && operationId && response)) {
    return 'does not declare summary, tags, operationId and response in its schema'
  }
  for (const [part, schema] of Object.entries({ body, querystring })) {
    if (schema !== undefined && !isStrict(schema)) return `lets unknown fields into its ${part}: use Strict()`
  }
  return null
}

/** What a route may answer because of its kind, whatever it does. */
function commonCodes(route: RouteOptions): ErrorCode[] {
  const { config, schema } = route
  const codes: ErrorCode[] = []
  if (mayBring(route) || schema?.querystring) codes.push('invalid_request')
  if (mayBring(route)) codes.push('body_too_large', 'media_type_unsupported')
  const plane = config?.plane
  // Health tells the truth whatever happens: it is never refused.
  if (plane === 'public') return codes
  codes.push('internal_error', 'overloaded', 'rate_limited')
  if (plane === 'sign-in') return codes
  codes.push('unauthenticated')
  if (takesKey(route) && config?.idempotency !== 'none')
    codes.push('idempotency_key_in_progress', 'idempotency_key_reused')
  if (config?.idempotency === 'required') codes.push('idempotency_key_missing')
  if (plane === 'platform') return codes
  codes.push('token_expired', 'session_ended', 'tenant_suspended')
  if (plane === 'member') return [...codes, 'session_required', 'signature_invalid']
  codes.push(
    'key_expired',
    'key_revoked',
    'signature_required',
    'signature_invalid',
    'ip_not_allowed',
    'scope_missing',
  )
  if (plane === 'data') codes.push('economy_required', 'economy_not_found', 'environment_mismatch')
  return codes
}

/** Whether a body is read, which the route may have no use for: what cannot be read is refused all the same. */
function mayBring({ method }: Pick<RouteOptions, 'method'>): boolean {
  return method !== 'GET'
}

/** Whether an Idempotency-Key means something to the route. GraphQL's mutations take theirs as an argument. */
export function takesKey({ method, config }: Pick<RouteOptions, 'method' | 'config'>): boolean {
  return method === 'POST' && config?.plane !== 'graphql'
}

function isStrict(schema: unknown): boolean {
  return isObject(schema) && 'additionalProperties' in schema && !schema.additionalProperties
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
