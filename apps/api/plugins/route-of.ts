import type { FastifyContextConfig, FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'

/** What a route declares, and its pattern; that is undefined where no route is. */
type Route = FastifyContextConfig & { url?: string | undefined }

declare module 'fastify' {
  interface FastifyRequest {
    /** Only for `routeOf`. */
    route: Route | null
  }
}

/** Lets requests keep what `routeOf` found. */
export const keptRoute = fp(async (app: FastifyInstance) => {
  app.decorateRequest('route', null)
})

/** The route of a request. Asked for its options, Fastify puts a dozen of them together each time. */
export function routeOf(request: FastifyRequest): Route {
  return (request.route ??= request.routeOptions.config)
}
