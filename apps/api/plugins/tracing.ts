import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import type { RequestTracing, TracedRequest } from '#adapters/telemetry/trace-requests.ts'
import { routeOf } from './route-of.ts'

/** A span for every request but the health checks. Registered only where tracing is on. */
export const tracing = fp(async (app: FastifyInstance, { tracing }: { tracing: RequestTracing }) => {
  const traced = new WeakMap<object, TracedRequest>()
  app.addHook('onRequest', (request, _reply, done) => {
    if (routeOf(request).plane === 'public') return done()
    traced.set(request, tracing.begin({ id: request.id, traceparent: request.headers.traceparent }, done))
  })
  app.addHook('onResponse', (request, reply, done) => {
    const span = traced.get(request)
    if (span) {
      tracing.end(span, {
        method: request.method,
        route: routeOf(request).url ?? 'unknown',
        status: reply.statusCode,
        tenantId: request.credential?.tenantId,
        economyId: request.economyId ?? undefined,
      })
    }
    done()
  })
})
