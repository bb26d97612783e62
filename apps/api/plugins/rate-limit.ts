import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { DomainError } from '#core/shared/errors.ts'
import type { AppDeps } from '../deps.ts'
import type { Count } from './count-store.ts'
import { createRequestCounter } from './request-counter.ts'

const WINDOW_MS = 60_000
/** Requests per minute and address that sign up or fail to authenticate: enough for people, few for guessing. */
const ANONYMOUS_PER_MINUTE = 120

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Counts the request against its key's limit, or its address's without a key, and tells the client where it stands. Nothing
     * to wait for, mostly. @throws RateLimited
     */
    limit(request: FastifyRequest, reply: FastifyReply): void | Promise<void>
  }
}

/** Limits requests per key, and per address where there is no key (yet). */
export const limits = fp(async (app: FastifyInstance, deps: AppDeps) => {
  const perKey = deps.config.api.rateLimitPerMinute
  const perAddress = Math.min(ANONYMOUS_PER_MINUTE, perKey)
  const count = createRequestCounter(deps.redis, WINDOW_MS)

  app.decorate('limit', (request: FastifyRequest, reply: FastifyReply) => {
    const { credential } = request
    const policy = credential ? 'key' : 'address'
    const max = credential || request.isOperator ? perKey : perAddress
    // A key's id is no address. Put together anew, a name would have to be hashed anew.
    const counted = count(credential ? credential.id : `ip:${request.ip}`, max)
    if (counted instanceof Promise) return counted.then((result) => tell(reply, policy, max, result))
    return tell(reply, policy, max, counted)
  })
})

/** The fields of draft-ietf-httpapi-ratelimit-headers. */
function tell(reply: FastifyReply, policy: string, max: number, { current, ttlMs }: Count): void {
  const seconds = Math.ceil(ttlMs / 1_000)
  // In small letters, as Fastify keeps them: it would make them small for every answer.
  reply.header('ratelimit-policy', `"${policy}";q=${max};w=${WINDOW_MS / 1_000}`)
  reply.header('ratelimit', `"${policy}";r=${Math.max(0, max - current)};t=${seconds}`)
  if (current <= max) return
  reply.header('Retry-After', seconds)
  throw new RateLimited(max, seconds)
}

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
