import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { DomainError } from '#core/shared/errors.ts'
import type { AppDeps } from '../deps.ts'
import { createLimitStore } from './limit-store.ts'

const WINDOW_MS = 60_000
/** Requests per minute and address that sign up or fail to authenticate: enough for people, few for guessing. */
const ANONYMOUS_PER_MINUTE = 120

declare module 'fastify' {
  interface FastifyInstance {
    /** Counts the request against its key's limit, or its address's without a key, and tells the client where it stands. */
    limit(request: FastifyRequest, reply: FastifyReply): Promise<void>
  }
}

/** Limits requests per key, and per address where there is no key (yet). */
export const limits = fp(async (app: FastifyInstance, deps: AppDeps) => {
  const perKey = deps.config.api.rateLimitPerMinute
  const perAddress = Math.min(ANONYMOUS_PER_MINUTE, perKey)
  await app.register(rateLimit, {
    global: false,
    timeWindow: WINDOW_MS,
    keyGenerator: (request) => (request.credential ? `key:${request.credential.id}` : `ip:${request.ip}`),
    max: (request) => (request.credential || request.isOperator ? perKey : perAddress),
    store: createLimitStore(deps.redis),
  })
  const count = app.createRateLimit()

  app.decorate('limit', async (request: FastifyRequest, reply: FastifyReply) => {
    const state = await count(request)
    if (state.isAllowed) return
    const policy = request.credential ? 'key' : 'address'
    reply.header('RateLimit-Policy', `"${policy}";q=${state.max};w=${state.timeWindow / 1_000}`)
    reply.header('RateLimit', `"${policy}";r=${state.remaining};t=${state.ttlInSeconds}`)
    if (!state.isExceeded) return
    reply.header('Retry-After', state.ttlInSeconds)
    throw new RateLimited(state.max, state.ttlInSeconds)
  })
})

class RateLimited extends DomainError {
  constructor(max: number, seconds: number) {
    super(
      'rate_limited',
      `The limit of ${max} requests a minute is used up. Continue in ${seconds} seconds.`,
      {
        retry_after_seconds: seconds,
      },
    )
  }
}
