import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { checkScope, sessionOf } from './authenticate.ts'
import { ECONOMY_HEADER } from './economy-header.ts'
import { routeOf } from './route-of.ts'
import { isSigned } from './signed-request.ts'

/**
 * Lets a request in: who asks, how often, whether the key may, and in which economy. Of the usual request all of it is known
 * already, so it passes without waiting for anything; promises appear only where a store is asked.
 */
export const admission = fp(async (app: FastifyInstance) => {
  app.addHook('onRequest', (request, reply, done) => {
    const { plane } = routeOf(request)
    // Requests in a dialect are signed in their parameters: they are admitted once those are read (dialects/dialect.ts).
    if (plane === undefined || plane === 'public' || plane === 'dialect') return done()
    const counted = authenticateAndCount(request, reply)
    const entered = counted ? counted.then(() => enter(request)) : enter(request)
    if (entered) entered.then(() => done(), done)
    else done()
  })

  /** Failed attempts count too, against the address they come from. */
  function authenticateAndCount(request: FastifyRequest, reply: FastifyReply): void | Promise<void> {
    const { plane = 'public' } = routeOf(request)
    const refuse = async (error: unknown): Promise<never> => {
      await app.limit(request, reply)
      throw error
    }
    if (plane === 'sign-in') return app.limit(request, reply)
    // GraphQL answers before anyone is known: the schema, and how to sign in. Its fields ask for themselves.
    if (plane === 'graphql' && isAnonymous(request)) return app.limit(request, reply)
    let authenticated: void | Promise<void>
    try {
      authenticated = app.authenticate(request, plane)
    } catch (error) {
      return refuse(error)
    }
    return authenticated
      ? authenticated.then(() => app.limit(request, reply), refuse)
      : app.limit(request, reply)
  }

  function enter(request: FastifyRequest): void | Promise<void> {
    const { plane, scope } = routeOf(request)
    if (scope) checkScope(request, scope)
    if (plane === 'member') sessionOf(request)
    if (plane === 'data') return app.resolveEconomy(request)
    if (plane !== 'graphql' || request.credential === null) return
    const isNamed = request.headers[ECONOMY_HEADER] !== undefined || request.credential.economyId !== null
    if (isNamed) return app.resolveEconomy(request)
  }
})

function isAnonymous(request: FastifyRequest): boolean {
  return request.headers.authorization === undefined && !isSigned(request)
}
